import type { KlpObject, NewEvent } from '../src/events/index.ts'
import { Narrator } from './narrator.ts'
import { Random } from './random.ts'
import { entered, type TraceTask, tasks, tried, updated, worker } from './trace-record.ts'
import { actorOf, hookOf, objectsOf, targetModule } from './workload-facts.ts'

/** Names come back, so that the state and the names in the log stay bounded. */
const patchNames = 32

type Goal = 'patched' | 'unpatched'

/**
 * The history of a machine whose livepatches are replaced, disabled and reversed for ever, with hooks on
 * them: legal, so that no answer about it is unsure, and bounded, so that its millionth event costs what its
 * thousandth did. Seven of eight events are tasks that switch, as in recordings.
 */
export class Workload {
  readonly #random: Random
  readonly #narrator: Narrator
  #ready: NewEvent[] = []
  #at = 0
  #cycle = 0
  #cumulative: string | null = null
  #program: string | null = null

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#narrator = new Narrator(this.#random)
    this.#boot()
    this.#ready = this.#narrator.told()
  }

  /** The next events of the history. */
  take(count: number): NewEvent[] {
    const taken: NewEvent[] = []
    while (taken.length < count) {
      if (this.#at === this.#ready.length) {
        this.#live()
        this.#ready = this.#narrator.told()
        this.#at = 0
      }
      const part = this.#ready.slice(this.#at, this.#at + count - taken.length)
      this.#at += part.length
      for (const event of part) taken.push(event)
    }
    return taken
  }

  #boot(): void {
    const release = '6.19.0-klp'
    this.#narrator.tell(
      'host.booted',
      { release, policy: 'hybrid', policyFrom: 'given', hasStackOrder: true, kprobeTracer: true },
      'given'
    )
    this.#load(targetModule, false)
  }

  /** A turn of the wheel: a cumulative patch comes, and with it now and then what else happens. */
  #live(): void {
    const cycle = this.#cycle++
    const patch = `lp_cumul_${cycle % patchNames}`
    this.#enable(patch, true, objectsOf(patch, cycle))
    if (cycle % 16 === 15) {
      this.#reverse(patch)
      return
    }
    this.#switchAll(patch, 'patched')
    this.#replace(patch)
    this.#hook(patch)
    if (cycle % 4 === 1) this.#visit(`lp_hook_${cycle % patchNames}`)
    if (cycle % 8 === 5) this.#reload(patch)
  }

  /** insmod of a livepatch, up to the moment from which tasks may switch. */
  #enable(patch: string, replace: boolean, objects: KlpObject[]): void {
    this.#load(patch, true)
    this.#narrator.tell(
      'patch.enabled',
      {
        patch,
        replace,
        replaceable: replace,
        replaceSet: null,
        objects,
        nopsListed: false,
        states: [],
        actor: actorOf(`insmod ${patch}.ko`)
      },
      entered('init_transition', 'klp_init_transition', `patch="${patch}" state=1`)
    )
    for (const { name } of objects) {
      const raw = 'patch_object_ret: (klp_enable_patch+0x4f5/0x990 <- klp_patch_object) ret=0'
      this.#narrator.tell('object.patched', { patch, object: name }, raw)
    }
    this.#start(patch, 'patched')
  }

  #start(patch: string, goal: Goal): void {
    const args = `patch="${patch}" target=${goal === 'patched' ? 1 : 0}`
    const raw = entered('start_transition', 'klp_start_transition', args)
    this.#narrator.tell('transition.started', { patch, goal }, raw)
  }

  /** Every task reaches the goal; some sleep in a patched function first. */
  #switchAll(patch: string, goal: Goal, some: readonly TraceTask[] = tasks): void {
    const order = this.#random.shuffled(some)
    for (const { comm, pid } of order.slice(0, 6)) {
      const raw = tried({ comm, pid }, -98)
      const name = 'cmdline_proc_show'
      this.#narrator.tell('task.blocked', { patch, goal, pid, comm, reason: 'sleeping', function: name }, raw)
    }
    for (const task of order.reverse()) this.#switch(patch, goal, task)
    if (this.#random.below(8) === 0)
      this.#narrator.tell('transition.signaled', { patch, goal }, 'signaling tasks')
  }

  #switch(patch: string, goal: Goal, task: TraceTask): void {
    const how = this.#random.below(5) === 0 ? 'self' : 'checked'
    const raw = how === 'self' ? updated(task, goal === 'patched' ? 0 : 1) : tried(task, 0)
    this.#narrator.tell(
      'task.switched',
      { patch, goal, pid: task.pid, comm: task.comm, how },
      raw,
      how === 'self' ? task : worker
    )
  }

  /** The completion of a cumulative patch: the one before it goes. */
  #replace(patch: string): void {
    const old = this.#cumulative
    if (old !== null) {
      const raw = entered('unpatch_objects', 'klp_unpatch_objects', `patch="${old}"`)
      this.#narrator.tell('patch.replaced', { patch: old, by: patch }, raw)
      this.#unpatched(old)
    }
    const args = `new_patch="${patch}"`
    this.#narrator.tell(
      'nop.discarded',
      { patch, functions: null },
      entered('discard_nops', 'klp_discard_nops', args)
    )
    this.#complete(patch, 'patched')
    if (old !== null) {
      this.#detach()
      this.#free(old)
    }
    this.#cumulative = patch
  }

  /** A patch that is taken back while its tasks are switching. */
  #reverse(patch: string): void {
    const some = tasks.slice(0, 120)
    this.#switchAll(patch, 'patched', some)
    const args = `patch="${patch}"`
    const raw = entered('reverse_transition', 'klp_reverse_transition', args)
    this.#narrator.tell('transition.reversed', { patch, goal: 'unpatched' }, raw)
    this.#leave(patch, 'reversed', some)
  }

  /** A patch beside the cumulative ones, which nothing replaces: it comes, and is disabled. */
  #visit(patch: string): void {
    const functions = [{ name: '__x64_sys_getpgrp', sympos: 1, newName: `${patch}_getpgrp`, nop: false }]
    this.#enable(patch, false, [{ name: 'vmlinux', functions }])
    this.#switchAll(patch, 'patched')
    this.#complete(patch, 'patched')
    const raw = `enabled_store: (enabled_store+0x4/0x150) patch="${patch}" value="0"`
    this.#narrator.tell('patch.disabled', { patch, actor: actorOf('disable') }, raw)
    this.#leave(patch, 'disabled', tasks)
  }

  #leave(patch: string, reason: 'disabled' | 'reversed', some: readonly TraceTask[]): void {
    this.#start(patch, 'unpatched')
    this.#switchAll(patch, 'unpatched', some)
    const raw = entered('unpatch_objects', 'klp_unpatch_objects', `patch="${patch}"`)
    this.#narrator.tell('patch.unpatched', { patch, reason, functions: null }, raw)
    this.#unpatched(patch)
    this.#complete(patch, 'unpatched')
    this.#free(patch)
  }

  #unpatched(patch: string): void {
    const args = `patch="${patch}" obj="vmlinux" nops_only=0`
    const raw = entered('unpatch_object', '__klp_unpatch_object', args)
    const functions = ['cmdline_proc_show', '__x64_sys_getpgrp']
    this.#narrator.tell('object.unpatched', { patch, object: 'vmlinux', nopsOnly: false, functions }, raw)
  }

  #complete(patch: string, goal: Goal): void {
    this.#narrator.tell(
      'transition.completed',
      { patch, goal },
      `console: livepatch: '${patch}': ${goal} complete`
    )
  }

  /** The free work, and rmmod. */
  #free(patch: string): void {
    const raw = entered('release_patch', 'klp_kobj_release_patch', `patch="${patch}"`)
    this.#narrator.tell('patch.freed', { patch }, raw, worker)
    this.#unload(patch)
  }

  /** A program on the patch's replacement, with readings of its counters. */
  #hook(patch: string): void {
    const program = `ov${this.#cycle % patchNames}`
    const raw = `set_prog: (perf_event_set_bpf_prog+0x4/0x50) prog="${program}" id=${this.#cycle}`
    this.#narrator.tell('hook.attached', { ...hookOf(program, patch), programId: this.#cycle }, raw)
    this.#program = program
    for (let reading = 1; reading <= 4; reading++) {
      const counted = { program, programId: this.#cycle, hits: String(reading * 977), overrides: '0' }
      this.#narrator.tell('hook.counted', counted, `{"prog":"${program}","run_cnt":${reading * 977}}`)
    }
  }

  #detach(): void {
    if (this.#program === null) return
    const raw = `link_free: (bpf_link_free+0x0/0xe0) id=2 type=7 prog="${this.#program}"`
    const actor = actorOf(`detach ${this.#program}`)
    this.#narrator.tell('hook.detached', { program: this.#program, programId: null, linkId: 2, actor }, raw)
    this.#program = null
  }

  /** The target module goes and comes back: the patch leaves it and is on it again. */
  #reload(patch: string): void {
    const args = `patch="${patch}" obj="${targetModule}" nops_only=0`
    const raw = entered('unpatch_object', '__klp_unpatch_object', args)
    const functions = ['nft_do_chain']
    this.#narrator.tell('object.unpatched', { patch, object: targetModule, nopsOnly: false, functions }, raw)
    this.#unload(targetModule)
    this.#load(targetModule, false)
    const back = 'patch_object_ret: (klp_module_coming+0x1a5/0x240 <- klp_patch_object) ret=0'
    this.#narrator.tell('object.patched', { patch, object: targetModule }, back)
  }

  #load(module: string, livepatch: boolean): void {
    const raw = entered('module_coming', 'klp_module_coming', `mod="${module}"`)
    this.#narrator.tell('module.loaded', { module, livepatch, actor: actorOf(`insmod ${module}.ko`) }, raw)
  }

  #unload(module: string): void {
    const raw = entered('module_going', 'klp_module_going', `mod="${module}"`)
    this.#narrator.tell('module.going', { module, actor: actorOf(`rmmod ${module}`) }, raw)
    this.#narrator.tell('module.unloaded', { module, reason: 'removed' }, `module_free: ${module}`)
  }
}
