import type { Goal } from '../events/index.ts'
import { findPatch, isDamaged, type PatchState } from '../projections/index.ts'
import type { Act } from './act.ts'
import { hasBug } from './bugs.ts'
import { runCallback } from './callbacks.ts'
import { unpatchObject, unpatchObjects } from './func-stack.ts'
import { isLoaded } from './symbols.ts'
import { checkedVersions, pendingTasks, tryTask } from './try-task.ts'

/** Tries between two rounds of fake signals (SIGNALS_TIMEOUT). */
const signalsEveryTries = 15

/** klp_init_transition(). The patch's own event has put it into transition; the log says so. */
export function initTransition(act: Act, patch: PatchState, goal: Goal): void {
  act.printKlp('debug', `'${patch.name}': initializing ${wordOf(goal)} transition`)
}

/** klp_start_transition(). */
export function startTransition(act: Act, patch: PatchState, goal: Goal): void {
  act.printKlp('notice', `'${patch.name}': starting ${wordOf(goal)} transition`)
  act.tell('transition.started', { patch: patch.name, goal })
}

/** klp_try_complete_transition(): tries every task that is left; with none left the transition completes. */
export function tryCompleteTransition(act: Act): void {
  const { transition } = act.state
  if (transition === null) return
  const { patch: name, goal } = transition
  act.tell('transition.tried', { patch: name, goal })
  let done = true
  const last = act.state.patches.findLast(({ offList }) => !offList)?.name
  const checked = checkedVersions(act.state, hasBug(act.world, 'last-patch-checked') ? last : name)
  for (const task of pendingTasks(act.state)) done = tryTask(act, task, checked) && done
  if (!done) {
    sendSignals(act, transition.tries - 1)
    return
  }
  const patch = findPatch(act.state, name)
  if (patch !== undefined) completeTransition(act, patch, goal)
}

/** klp_send_signals(): only the first round is logged. */
function sendSignals(act: Act, failedTriesBefore: number): void {
  const { transition } = act.state
  if (transition === null || failedTriesBefore !== signalsEveryTries) return
  act.printKlp('notice', 'signaling remaining tasks')
  act.tell('transition.signaled', { patch: transition.patch, goal: transition.goal })
}

/**
 * klp_complete_transition(), whose post callbacks run before the log says that it is complete. `prepared` is an
 * object whose pre_patch succeeded and whose functions then could not be patched: post_unpatch is due for it too.
 */
export function completeTransition(
  act: Act,
  patch: PatchState,
  goal: Goal,
  prepared: string | null = null
): void {
  act.printKlp('debug', `'${patch.name}': completing ${wordOf(goal)} transition`)
  const nops = hasBug(act.world, 'nops-stay') && goal === 'patched' ? nopsOf(patch) : []
  if (act.world.rules.replaces(patch)) {
    if (goal === 'patched' || hasBug(act.world, 'reverse-replaces')) unpatchReplacedPatches(act, patch)
    if (goal === 'patched') discardNops(act, patch)
  }
  if (goal === 'unpatched') unpatchOwn(act, patch)
  for (const object of patch.objects) {
    const isMod = isDamaged(act.state, 'object-mod', `${patch.name} ${object.name}`)
    if (!isMod && !isLoaded(act.state, object.name)) continue
    if (goal === 'patched') runCallback(act, patch.name, object.name, 'post_patch')
    else if (object.postUnpatchDue || object.name === prepared)
      runCallback(act, patch.name, object.name, 'post_unpatch')
  }
  act.printKlp('notice', `'${patch.name}': ${wordOf(goal)} complete`)
  act.tell('transition.completed', { patch: patch.name, goal })
  // A completed transition tells that the nops are gone, so that they are not is told behind it.
  for (const nop of nops) act.tell('nop.added', { patch: patch.name, ...nop })
}

function nopsOf({ objects }: PatchState): { object: string; function: string; sympos: number }[] {
  return objects.flatMap((object) =>
    object.functions
      .filter((func) => func.nop)
      .map((func) => ({ object: object.name, function: func.name, sympos: func.sympos }))
  )
}

/** klp_unpatch_replaced_patches(): every older patch in scope leaves; no callback of it runs. */
function unpatchReplacedPatches(act: Act, patch: PatchState): void {
  let isLeftOut = hasBug(act.world, 'oldest-not-replaced')
  for (const old of [...act.state.patches]) {
    if (old === patch) return
    if (old.offList || !act.world.rules.inScope(patch, old)) continue
    if (isLeftOut) {
      isLeftOut = false
      continue
    }
    const objects = old.objects.filter((object) => object.patched)
    act.tell('patch.replaced', { patch: old.name, by: patch.name })
    const left: string[] = []
    for (const object of objects) left.push(...unpatchObject(act, old, object, false))
    const functions = left.length > 0 ? left : null
    act.tell('patch.unpatched', { patch: old.name, reason: 'replaced', functions })
    if (!hasBug(act.world, 'replaced-callbacks-run')) continue
    for (const { name } of objects) runCallback(act, old.name, name, 'pre_unpatch')
  }
}

/** klp_discard_nops(): first the nops are unpatched, then they and the objects made for them are freed. */
function discardNops(act: Act, patch: PatchState): void {
  const objects = patch.objects.filter((object) => object.patched)
  const nops = objects.map((object) => object.functions.filter((func) => func.nop).map((func) => func.name))
  act.tell('nop.discarded', { patch: patch.name, functions: null })
  objects.forEach((object, n) => {
    const left = nops[n] ?? []
    const functions = left.length > 0 ? left : null
    act.tell('object.unpatched', { patch: patch.name, object: object.name, nopsOnly: true, functions })
  })
}

/** klp_unpatch_objects() for the patch itself: its enable failed, was reversed, or it was disabled. */
function unpatchOwn(act: Act, patch: PatchState): void {
  const { transition } = act.state
  // One event begins a patch's life and its first transition, so they tell the reverse of it from a disable.
  const isEnable = transition?.sincePosition === patch.sincePosition
  const reason = !isEnable ? 'disabled' : transition.started ? 'reversed' : 'cancelled'
  const left = unpatchObjects(act, patch)
  act.tell('patch.unpatched', { patch: patch.name, reason, functions: left.length > 0 ? left : null })
}

/** The kernel's word for a direction. */
export function wordOf(goal: Goal): 'patching' | 'unpatching' {
  return goal === 'patched' ? 'patching' : 'unpatching'
}
