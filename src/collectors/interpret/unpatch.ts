import { olderInScope, tellReplaced, unpatchReason } from './completion.ts'
import type { Item, Knowledge } from './knowledge.ts'
import type { Teller } from './teller.ts'

type Args = Readonly<Record<string, string>>

interface Leaving {
  readonly patch: string
  readonly reason: 'disabled' | 'replaced' | 'cancelled' | 'reversed'
  readonly functions: string[]
  readonly item: Item
}

interface LeavingObject {
  readonly patch: string
  readonly object: string
  readonly nopsOnly: boolean
  readonly functions: string[]
  readonly item: Item
}

/** While a patch is being enabled, another one leaves the stacks only in klp_unpatch_replaced_patches(). */
function seeReplacing(k: Knowledge, t: Teller, patch: string, item: Item): void {
  const { transition } = k
  if (k.replacing !== null || transition === null || transition.patch === patch) return
  if (transition.begunTowards !== 'patched' || transition.goal !== 'patched') return
  if (k.hasEvery('klp_unpatch_replaced_patches', item))
    t.tellHole(`${patch} left the stacks, and no record shows that ${transition.patch} is replacing it`, item)
  k.replacing = transition.patch
}

/** An object is unpatched outside of klp_unpatch_objects(), as far as records show. */
function seeReplaced(k: Knowledge, t: Teller, patch: string, item: Item): void {
  seeReplacing(k, t, patch, item)
  if (k.replacing === null || k.replacing === patch || k.replaced.has(patch)) return
  if (k.hasEvery('klp_unpatch_objects', item))
    t.tellHole(`an object of ${patch} is unpatched, and no record shows klp_unpatch_objects()`, item)
  tellReplaced(k, t, patch, k.replacing, item, true)
}

/** klp_discard_nops(), which follows klp_unpatch_replaced_patches(), which unpatches each older patch in scope. */
export function nopsDiscarded(k: Knowledge, t: Teller, patch: string, item: Item): void {
  if (k.replacing !== patch && k.hasEvery('klp_unpatch_replaced_patches', item))
    t.tellHole(`nops of ${patch} are discarded, and no record shows klp_unpatch_replaced_patches()`, item)
  // In hybrid mode sysfs can put a patch out of scope at any time.
  const older = k.policy === 'hybrid' ? [] : olderInScope(k, patch)
  const left = older.find((name) => !k.replaced.has(name) && !k.toFree.includes(name))
  if (left !== undefined && k.hasEvery('klp_unpatch_objects', item))
    t.tellHole(`${patch} has replaced ${left}, and no record shows that it left the stacks`, item)
  t.tell('nop.discarded', { patch, functions: null }, item)
}

/** Collects the probes of one unpatching, which name the patch, then its objects, then their functions. */
export class Unpatching {
  #patch: Leaving | null = null
  #object: LeavingObject | null = null
  /** Patch and module whose reverting was told already, until the module is gone. */
  #reverted: string | null = null

  /** klp_unpatch_objects(): of a replaced patch inside a replacement, else of the patch in transition. */
  objectsEntered(k: Knowledge, t: Teller, patch: string, item: Item): void {
    this.flush(t)
    seeReplacing(k, t, patch, item)
    if (k.replacing !== null && k.replacing !== patch) tellReplaced(k, t, patch, k.replacing, item)
    this.#patch = { patch, reason: unpatchReason(k, patch), functions: [], item }
  }

  /** __klp_unpatch_object(). */
  objectEntered(k: Knowledge, t: Teller, args: Args, item: Item): void {
    this.#flushObject(t)
    if (args.patch === undefined || args.obj === undefined) return
    // A module that goes takes its object out of every patch.
    if (k.goingModule !== args.obj && this.#patch?.patch !== args.patch) seeReplaced(k, t, args.patch, item)
    this.#object = {
      patch: args.patch,
      object: args.obj,
      nopsOnly: args.nops_only === '1',
      functions: [],
      item
    }
  }

  /** klp_unpatch_func(). Where it is the only probe, the patch and the object follow from it. */
  functionLeft(k: Knowledge, t: Teller, args: Args, item: Item): void {
    const { patch, func } = args
    if (patch === undefined || func === undefined) return
    if (this.#object?.patch === patch) {
      this.#object.functions.push(func)
      if (args.nop !== '1' && this.#patch?.patch === patch) this.#patch.functions.push(func)
      return
    }
    if (args.nop === '1') return
    if (k.goingModule !== null && k.replacing === null && k.transition?.completing == null) {
      this.reverted(k, t, patch, k.goingModule, item)
      return
    }
    if (this.#patch?.patch !== patch) this.objectsEntered(k, t, patch, item)
    this.#patch?.functions.push(func)
  }

  /** klp_module_going(), or its line, takes the patch off a module. Told once. */
  reverted(k: Knowledge, t: Teller, patch: string, module: string, item: Item): void {
    if (this.#reverted === `${patch} ${module}`) return
    this.flush(t)
    this.#reverted = `${patch} ${module}`
    if (k.transition?.patch === patch) k.transition.patched.delete(module)
    t.tell('object.unpatched', { patch, object: module, nopsOnly: false, functions: null }, item)
  }

  /** The module is gone; its next life begins anew. */
  moduleGone(): void {
    this.#reverted = null
  }

  /** Something else was seen: the unpatching is told. */
  flush(t: Teller): void {
    this.#flushObject(t)
    if (this.#patch === null) return
    const { item, functions, ...left } = this.#patch
    this.#patch = null
    t.tell('patch.unpatched', { ...left, functions: functions.length > 0 ? functions : null }, item)
  }

  #flushObject(t: Teller): void {
    if (this.#object === null) return
    const { item, functions, ...left } = this.#object
    this.#object = null
    t.tell('object.unpatched', { ...left, functions: functions.length > 0 ? functions : null }, item)
  }
}
