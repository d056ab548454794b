import type { Goal } from '../../events/index.ts'
import type { Item, Knowledge, SeenTransition } from './knowledge.ts'
import type { Teller } from './teller.ts'

type Reason = 'disabled' | 'replaced' | 'cancelled' | 'reversed'

/** klp_complete_transition() was entered. Where nothing is left to unpatch, its end is its beginning. */
export function completionEntered(
  k: Knowledge,
  t: Teller,
  patch: string,
  item: Item,
  hasPrintk: boolean
): void {
  const { transition } = k
  if (transition?.patch !== patch) {
    if (k.knowsTransition)
      t.tellHole(`the transition of ${patch} is complete, and no record shows it begun`, item)
    return
  }
  transition.completing = item
  if (!hasPrintk && transition.goal === 'patched' && k.replaces(patch) !== true)
    complete(k, t, transition, item)
}

/** A line of the log says that the transition is complete: with probes it is the end, alone it is all there is. */
export function completionLogged(k: Knowledge, t: Teller, patch: string, goal: Goal, item: Item): void {
  const { transition } = k
  if (transition?.patch !== patch || transition.goal !== goal) return
  if (transition.completing !== null) {
    complete(k, t, transition, item)
    return
  }
  const replaced = goal === 'patched' && k.replaces(patch) === true ? olderInScope(k, patch) : []
  for (const name of replaced) tellReplaced(k, t, name, patch, item, true)
  if (goal === 'patched' && k.replaces(patch) === true)
    t.tell('nop.discarded', { patch, functions: null }, item, true)
  complete(k, t, transition, item)
  for (const name of goal === 'unpatched' ? [patch] : replaced) tellFreed(k, t, name, item, true)
}

/** Something that only follows a completion was seen: if its end was not told, it is now. */
export function finishCompletion(k: Knowledge, t: Teller, patch: string, item: Item): void {
  const { transition } = k
  if (transition?.patch === patch && transition.completing !== null) complete(k, t, transition, item)
}

/** klp_free_replaced_patches_async(): whom the new patch's completion replaced goes to the free work. */
export function replacedQueued(k: Knowledge, t: Teller, patch: string, item: Item): void {
  if (k.policy !== 'hybrid' || k.replaced.size === 0) {
    // An old patch without a loaded object leaves no trace of being unpatched; its place on the list tells.
    for (const name of olderInScope(k, patch)) {
      if (!k.replaced.has(name)) tellReplaced(k, t, name, patch, item, true)
    }
  }
  finishCompletion(k, t, patch, item)
  for (const name of k.list) {
    if (k.replaced.has(name)) k.toFree.push(name)
  }
}

/** The patch's functions leave the stacks in the completion of `by`. */
export function tellReplaced(
  k: Knowledge,
  t: Teller,
  patch: string,
  by: string,
  item: Item,
  inferred = false
): void {
  if (k.replaced.has(patch)) return
  k.replaced.add(patch)
  t.tell('patch.replaced', { patch, by }, item, inferred)
}

/** The free work released the patch. */
export function tellFreed(k: Knowledge, t: Teller, patch: string, item: Item, inferred = false): void {
  const at = k.list.indexOf(patch)
  if (at < 0) return
  k.list.splice(at, 1)
  k.replaced.delete(patch)
  const queued = k.toFree.indexOf(patch)
  if (queued >= 0) k.toFree.splice(queued, 1)
  t.tell('patch.freed', { patch }, item, inferred)
}

/** Why a patch's functions leave the stacks at this point. */
export function unpatchReason(k: Knowledge, patch: string): Reason {
  if (k.replaced.has(patch)) return 'replaced'
  if (k.transition?.patch !== patch) return 'disabled'
  if (k.transition.cancelled) return 'cancelled'
  return k.transition.begunTowards === 'patched' ? 'reversed' : 'disabled'
}

function complete(k: Knowledge, t: Teller, transition: SeenTransition, item: Item): void {
  const { patch, goal } = transition
  if (goal === 'unpatched' && transition.completing === null) {
    t.tell('patch.unpatched', { patch, reason: unpatchReason(k, patch), functions: null }, item, true)
  }
  k.transition = null
  k.replacing = null
  k.knowsTransition = true
  t.tell('transition.completed', { patch, goal }, item)
}

/** The patches before this one on the list that it takes over from, by the policy. */
export function olderInScope(k: Knowledge, patch: string): string[] {
  const set = k.manifests.get(patch)?.replaceSet ?? 0
  return k.list.slice(0, Math.max(0, k.list.indexOf(patch))).filter((name) => {
    const manifest = k.manifests.get(name)
    if (k.policy === 'hybrid') return manifest?.replaceable !== false
    if (k.policy === 'replace-set') return (manifest?.replaceSet ?? 0) === set
    return true
  })
}
