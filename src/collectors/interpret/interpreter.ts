import type { NewEvent } from '../../events/index.ts'
import type { Observation, TaskRef } from '../observation.ts'
import type { Context } from './context.ts'
import { auditSeen, commandEnded, loaderStepped, markSeen, snapshotTaken } from './host-evidence.ts'
import type { Item, Knowledge } from './knowledge.ts'
import { Freeing, loadReturned, moduleComing, moduleFreed } from './module-life.ts'
import { interpretPrintk } from './printk.ts'
import { klpEntered, otherEntered, returned } from './probes.ts'
import { Teller } from './teller.ts'
import { objectPatched, taskBlocked } from './transition.ts'
import { Unpatching } from './unpatch.ts'

type Probe = Extract<Observation, { kind: 'probe' }>

/**
 * Says what observations of one boot mean, in the order of their time: each fact becomes an event once, at
 * its first proof, however many sources tell of it. What the next line decides is held back until it comes: the
 * end of a file proves nothing, for the next reading of it may go on.
 */
export class Interpreter {
  readonly #context: Context

  constructor(knowledge: Knowledge, stream: string, bootTimeNs: bigint | null) {
    this.#context = {
      k: knowledge,
      t: new Teller(stream, bootTimeNs, knowledge),
      unpatching: new Unpatching(),
      freeing: new Freeing(),
      blocked: null,
      patching: null,
      sawPrintk: false
    }
  }

  /** The events that this observation proves, with those that it shows to be over. */
  feed(seen: Observation, item: Item): NewEvent[] {
    if (seen.kind === 'printk') {
      this.#printk(seen.message, item)
    } else {
      // Another CPU's records may come between a failed try and its debug line.
      const { blocked } = this.#context
      const isOther = seen.kind === 'probe' && blocked?.by != null && seen.task?.pid !== blocked.by
      if (!isOther) this.#tellBlocked()
      if (seen.kind === 'probe') this.#probe(seen, item)
      else this.#other(seen, item)
    }
    return this.#context.t.take()
  }

  #tellBlocked(): void {
    const { k, t, blocked } = this.#context
    this.#context.blocked = null
    if (blocked !== null) taskBlocked(k, t, blocked)
  }

  #printk(message: string, item: Item): void {
    const { k, t, unpatching, blocked } = this.#context
    this.#context.sawPrintk = true
    if (!message.startsWith('livepatch: klp_try_switch_task')) unpatching.flush(t)
    const told = interpretPrintk({ k, t, unpatching, item }, message)
    // The debug line of a failed try follows the try's own record, and adds in which function the task sleeps.
    if (told !== null && told.pid === blocked?.pid && told.comm === blocked.comm) {
      this.#context.blocked = { ...told, item: blocked.item }
      this.#tellBlocked()
      return
    }
    if (told === null) return
    this.#tellBlocked()
    taskBlocked(k, t, told)
  }

  #probe(probe: Probe, item: Item): void {
    const { k, t, unpatching, freeing } = this.#context
    const { fn } = probe
    if (fn !== 'klp_unpatch_func' && fn !== '__klp_unpatch_object') unpatching.flush(t)
    if (fn !== 'klp_kobj_release_patch') freeing.flush(k, t)
    if (probe.returns) {
      returned[fn]?.(this.#context, probe, item)
      return
    }
    const entered = klpEntered[fn]
    if (entered === undefined) {
      otherEntered[fn]?.(this.#context, probe, item)
      return
    }
    // Tasks on other CPUs switch themselves at any time; they say nothing about how the enable goes on.
    if (fn !== 'klp_update_patch_state' && fn !== 'klp_cancel_transition') this.#goesOn(probe.task, item)
    entered(this.#context, probe, item)
  }

  /** The kernel went on after klp_patch_object() without an error: the object is patched. */
  #goesOn(task: TaskRef | null, item: Item): void {
    const { k, t, patching } = this.#context
    // Another task may stand before klp_mutex meanwhile.
    if (patching === null || (patching.by !== null && task !== null && task.pid !== patching.by)) return
    this.#context.patching = null
    const { patch, object } = patching
    if (k.patchedObjects.isPatched(patch, object) === true) return
    if (k.hasEvery('klp_patch_object%return', item))
      t.tellHole(`the kernel went on with ${patch}, and no record shows klp_patch_object() return`, item)
    objectPatched(k, t, patch, object, patching.item)
  }

  #other(seen: Exclude<Observation, Probe | { kind: 'printk' }>, item: Item): void {
    const { k, t, unpatching, freeing } = this.#context
    switch (seen.kind) {
      case 'module':
        if (seen.what === 'free') unpatching.flush(t)
        if (seen.what === 'free') {
          moduleFreed(k, t, unpatching, seen.module, item)
          if (this.#context.patching?.object === seen.module) this.#context.patching = null
        } else {
          // It is loaded only if each patch on it was applied.
          this.#goesOn(seen.task, item)
          moduleComing(k, t, seen.module, seen.livepatch, seen.task, item)
        }
        break
      case 'syscall':
        if (seen.ret !== null && seen.name.endsWith('init_module')) {
          loadReturned(k, t, unpatching, seen.ret, seen.task, item)
        }
        break
      case 'mark':
        markSeen(k, t, seen.text, seen.task, item)
        break
      case 'lost':
        // What was half told will not be told to its end.
        unpatching.flush(t)
        freeing.flush(k, t)
        this.#context.patching = null
        k.isDoubted = true
        t.tell('evidence.lost', { count: seen.count, reason: seen.reason }, item)
        break
      case 'snapshot':
        snapshotTaken(k, t, seen, item)
        break
      case 'command':
        commandEnded(k, t, unpatching, seen, item)
        break
      case 'bpf':
        loaderStepped(k, t, seen, item)
        break
      case 'audit':
        auditSeen(t, seen, item)
        break
      case 'manifest':
        break
    }
  }
}
