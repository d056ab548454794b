import type { NewEvent } from '../../events/index.ts'
import { completionEntered, finishCompletion, replacedQueued } from './completion.ts'
import { enableEntered, enableReturned, forceEntered, storeEntered, storeReturned } from './enable.ts'
import * as hooks from './hook-attach.ts'
import { auditSeen, commandEnded, loaderStepped, markSeen, snapshotTaken } from './host-evidence.ts'
import { Freeing, loadReturned, moduleComing, moduleFreed, moduleGoing } from './module-life.ts'
import { interpretPrintk } from './printk.ts'
import * as transitions from './transition.ts'
import { Unpatching } from './unpatch.ts'
import type { Item, Knowledge } from './knowledge.ts'
import type { Observation } from '../observation.ts'
import { Teller } from './teller.ts'

type Probe = Extract<Observation, { kind: 'probe' }>

/**
 * Says what observations of one boot mean, in the order of their time: each fact becomes an event once, at
 * its first proof, however many sources tell of it.
 */
export class Interpreter {
  readonly #k: Knowledge
  readonly #t: Teller
  readonly #unpatching = new Unpatching()
  readonly #freeing = new Freeing()
  #blocked: transitions.BlockedTask | null = null
  /** An object whose patching has begun; its success shows in the return, or in that the kernel goes on. */
  #patching: { patch: string; object: string; item: Item } | null = null
  #sawPrintk = false

  constructor(knowledge: Knowledge, stream: string, bootTimeNs: bigint | null) {
    this.#k = knowledge
    this.#t = new Teller(stream, bootTimeNs, knowledge)
  }

  /** The events that this observation proves, with those that it shows to be over. */
  feed(seen: Observation, item: Item): NewEvent[] {
    const blocked = this.#blocked
    this.#blocked = null
    if (seen.kind === 'printk') {
      this.#printk(seen.message, blocked, item)
      return this.#t.take()
    }
    if (blocked !== null) transitions.taskBlocked(this.#k, this.#t, blocked)
    if (seen.kind === 'probe') this.#probe(seen, item)
    else this.#other(seen, item)
    return this.#t.take()
  }

  /** The evidence ended: what was held back is told. */
  end(): NewEvent[] {
    if (this.#blocked !== null) transitions.taskBlocked(this.#k, this.#t, this.#blocked)
    this.#blocked = null
    this.#unpatching.flush(this.#t)
    this.#freeing.flush(this.#k, this.#t)
    const completing = this.#k.transition?.completing
    // A completion is never interrupted, so one that was entered ended, even if the evidence did first.
    if (completing) finishCompletion(this.#k, this.#t, this.#k.transition?.patch ?? '', completing)
    return this.#t.take()
  }

  /** The host's first event, before any observation. */
  get teller(): Teller {
    return this.#t
  }

  #printk(message: string, blocked: transitions.BlockedTask | null, item: Item): void {
    this.#sawPrintk = true
    if (!message.startsWith('livepatch: klp_try_switch_task')) this.#unpatching.flush(this.#t)
    const told = interpretPrintk({ k: this.#k, t: this.#t, unpatching: this.#unpatching, item }, message)
    if (told !== null && told.pid === blocked?.pid && told.comm === blocked.comm) {
      transitions.taskBlocked(this.#k, this.#t, { ...told, item: blocked.item })
      return
    }
    if (blocked !== null) transitions.taskBlocked(this.#k, this.#t, blocked)
    if (told !== null) transitions.taskBlocked(this.#k, this.#t, told)
  }

  #probe(probe: Probe, item: Item): void {
    const { fn, args, task } = probe
    if (fn !== 'klp_unpatch_func' && fn !== '__klp_unpatch_object') this.#unpatching.flush(this.#t)
    if (fn !== 'klp_kobj_release_patch') this.#freeing.flush(this.#k, this.#t)
    if (probe.returns) this.#returned(fn, probe, item)
    else if (fn.startsWith('klp_') || fn.startsWith('__klp_')) this.#klp(fn, probe, item)
    else this.#entered(fn, args, task, item)
  }

  #klp(fn: string, { args, task }: Probe, item: Item): void {
    const k = this.#k
    const t = this.#t
    const patch = args.patch ?? args.new_patch ?? args.new ?? k.transition?.patch ?? ''
    const goal = transitions.goalOf(args.target ?? args.state) ?? k.transition?.goal ?? 'patched'
    if (fn !== 'klp_check_and_switch_task' && fn !== 'klp_update_patch_state') this.#patchedBy(fn)
    switch (fn) {
      case 'klp_enable_patch':
        return enableEntered(k, t, args, task, item)
      case 'klp_init_transition':
        return transitions.transitionInitialised(k, t, patch, goal, task, item)
      case 'klp_patch_object':
        this.#patching = { patch, object: args.obj ?? '', item }
        return
      case 'klp_start_transition':
        return transitions.transitionStarted(k, t, patch, goal, item)
      case 'klp_update_patch_state':
        return transitions.taskUpdated(k, t, args, item)
      case 'klp_complete_transition':
        return completionEntered(k, t, patch, item, this.#sawPrintk)
      case 'klp_cancel_transition':
        this.#patching = null
        return transitions.transitionCancelled(k, t, patch, item)
      case 'klp_reverse_transition':
        return transitions.transitionReversed(k, t, patch, goal === 'patched' ? 'unpatched' : 'patched', item)
      case 'klp_force_transition':
        return transitions.transitionForced(k, t, task, item)
      case 'klp_unpatch_replaced_patches':
        k.replacing = patch
        return
      case 'klp_unpatch_objects':
        return this.#unpatching.objectsEntered(k, t, patch, item)
      case '__klp_unpatch_object':
        return this.#unpatching.objectEntered(t, args, item)
      case 'klp_unpatch_func':
        return this.#unpatching.functionLeft(k, t, args, item)
      case 'klp_discard_nops':
        return t.tell('nop.discarded', { patch, functions: null }, item)
      case 'klp_free_replaced_patches_async':
        return replacedQueued(k, t, patch, item)
      case 'klp_free_patch_async':
        finishCompletion(k, t, patch, item)
        if (k.list.includes(patch)) k.toFree.push(patch)
        return
      case 'klp_free_patch_work_fn':
        return this.#freeing.workEntered(k, t, args.patch, item)
      case 'klp_kobj_release_patch':
        return this.#freeing.released(k, t, patch, item)
      case 'klp_module_coming':
        return moduleComing(k, t, args.mod ?? '', null, task, item)
      case 'klp_module_going':
        moduleGoing(k, t, args.mod ?? '', task, item)
        // bpftrace has no module_free; without that tracepoint the going is all that shows a module's end.
        if (item.format === 'bpftrace') moduleFreed(k, t, this.#unpatching, args.mod ?? '', item, true)
        return
    }
  }

  /** The kernel went on after klp_patch_object() without an error: the object is patched. */
  #patchedBy(fn: string): void {
    const patching = this.#patching
    if (patching === null || fn === 'klp_cancel_transition') return
    this.#patching = null
    transitions.objectPatched(this.#k, this.#t, patching.patch, patching.object, patching.item)
  }

  #returned(fn: string, { args, task }: Probe, item: Item): void {
    const k = this.#k
    const t = this.#t
    switch (fn) {
      case 'klp_enable_patch':
        return enableReturned(k, t, args, task, item)
      case 'klp_patch_object': {
        const patching = this.#patching
        this.#patching = null
        if (patching === null || args.ret !== '0') return
        return transitions.objectPatched(k, t, patching.patch, patching.object, item)
      }
      case 'klp_check_and_switch_task':
        this.#blocked = transitions.taskTried(k, t, args, item)
        return
      case 'enabled_store':
        return storeReturned(k, t, args, task, item)
      case 'register_kprobe':
        return hooks.kprobeRegistered(k, args, task)
      case 'perf_event_set_bpf_prog':
        return hooks.programSet(k, t, args, task, item)
    }
  }

  #entered(fn: string, args: Probe['args'], task: Probe['task'], item: Item): void {
    const k = this.#k
    const t = this.#t
    switch (fn) {
      case 'enabled_store':
        return storeEntered(k, args, task, item)
      case 'force_store':
        return forceEntered(k, t, args, task, item)
      case 'bpf_prog_load':
        return hooks.programLoaded(k, args)
      case 'register_kprobe':
        return hooks.kprobeRegistering(k, args, task)
      case 'arm_kprobe':
        return hooks.kprobeArmed(k, args, task)
      case 'disarm_kprobe':
        return hooks.kprobeDisarmed(k, t, args, task, item)
      case 'kill_kprobe':
        return hooks.kprobeKilled(t, args, item)
      case 'perf_event_set_bpf_prog':
        hooks.programSetting(k, args, task)
        // bpftrace prints the entry only: without the return the attach counts as done.
        if (item.format === 'bpftrace') hooks.programSet(k, t, { ret: '0' }, task, item)
        return
      case 'bpf_link_settle':
        return hooks.linkSettled(k, t, args, task, item)
      case 'bpf_trampoline_link_prog':
        return hooks.trampolineLinked(k, t, args, task, item)
      case 'perf_event_free_bpf_prog':
      case 'bpf_link_free':
      case '__bpf_prog_put_noref':
        return hooks.detached(k, t, args, task, item)
    }
  }

  #other(seen: Exclude<Observation, Probe | { kind: 'printk' }>, item: Item): void {
    const k = this.#k
    const t = this.#t
    switch (seen.kind) {
      case 'module':
        if (seen.what === 'load') return moduleComing(k, t, seen.module, seen.livepatch, seen.task, item)
        this.#unpatching.flush(t)
        return moduleFreed(k, t, this.#unpatching, seen.module, item)
      case 'syscall':
        if (seen.ret !== null && seen.name.endsWith('init_module')) {
          loadReturned(k, t, this.#unpatching, seen.ret, seen.task, item)
        }
        return
      case 'mark':
        return markSeen(k, t, seen.text, seen.task, item)
      case 'lost':
        return t.tell('evidence.lost', { count: seen.count, reason: seen.reason }, item)
      case 'snapshot':
        return snapshotTaken(k, t, seen, item)
      case 'command':
        return commandEnded(t, seen, item)
      case 'bpf':
        return loaderStepped(k, t, seen, item)
      case 'audit':
        return auditSeen(t, seen, item)
      case 'manifest':
        return
    }
  }
}
