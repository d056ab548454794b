import type { Goal } from '../events/index.ts'
import { findPatch, type PatchState, taskKey } from '../projections/index.ts'
import { type Act, EBUSY, EINVAL, ENOENT } from './act.ts'
import { hasBug } from './bugs.ts'
import { runCallback } from './callbacks.ts'
import { kstrtobool } from './kstrtobool.ts'
import { initTransition, startTransition, tryCompleteTransition, wordOf } from './transition.ts'
import { pendingTasks } from './try-task.ts'

/** enabled_store(): disable, reverse, or one of the refusals. Returns 0 or a negative errno. */
export function enabledStore(act: Act, name: string, value: string): number {
  const patch = findPatch(act.state, name)
  if (patch === undefined) return -ENOENT
  const wanted = kstrtobool(value)
  if (wanted === null) return refused(act, name, 'write-enabled', value, -EINVAL)
  // A patch that is already in the wanted state, or has been replaced, is refused alike.
  if (patch.enabled === wanted) return refused(act, name, 'write-enabled', value, -EINVAL)
  if (act.state.transition?.patch === name) {
    reverseTransition(act, patch)
    return 0
  }
  if (wanted && hasBug(act.world, 'disabled-comes-back') && act.state.transition === null) {
    startTransition(act, patch, 'patched')
    return 0
  }
  if (wanted) return refused(act, name, 'write-enabled', value, -EINVAL)
  const isBusy = act.state.transition !== null
  if (isBusy && !hasBug(act.world, 'transitions-overlap'))
    return refused(act, name, 'write-enabled', value, -EBUSY)
  disablePatch(act, patch)
  return 0
}

/** __klp_disable_patch(). */
function disablePatch(act: Act, patch: PatchState): void {
  act.tell('patch.disabled', { patch: patch.name, actor: null })
  initTransition(act, patch, 'unpatched')
  for (const object of patch.objects) {
    if (object.patched) runCallback(act, patch.name, object.name, 'pre_unpatch')
  }
  startTransition(act, patch, 'unpatched')
  tryCompleteTransition(act)
}

/** klp_reverse_transition(): the other way, from where it is; the delayed work goes on trying. */
function reverseTransition(act: Act, patch: PatchState): void {
  const from = act.state.transition?.goal ?? 'patched'
  const to = from === 'patched' ? 'unpatched' : 'patched'
  act.printKlp('debug', `'${patch.name}': reversing transition from ${wordOf(from)} to ${wordOf(to)}`)
  const flagged = hasBug(act.world, 'reverse-keeps-flags') ? pendingTasks(act.state) : []
  act.tell('transition.reversed', { patch: patch.name, goal: to })
  for (const { pid, comm } of flagged)
    act.tell('damage.done', { kind: 'pending-flag', subject: String(taskKey(pid, comm)) })
  startTransition(act, patch, to)
}

/** force_store(): only the patch in transition can be forced. */
export function forceStore(act: Act, name: string, value: string): number {
  if (findPatch(act.state, name) === undefined) return -ENOENT
  const wanted = kstrtobool(value)
  if (wanted === null) return refused(act, name, 'force', value, -EINVAL)
  if (!wanted) return 0
  if (act.state.transition?.patch !== name) return refused(act, name, 'force', value, -EINVAL)
  forceTransition(act)
  return 0
}

/** klp_force_transition(): nobody is asked, and who is being removed stays pinned. */
function forceTransition(act: Act): void {
  const { transition } = act.state
  const patch = findPatch(act.state, transition?.patch ?? '')
  if (transition === null || patch === undefined) return
  act.printKlp('warn', 'forcing remaining tasks to the patched state')
  act.tell('transition.forced', { patch: patch.name, goal: transition.goal, actor: null })
  for (const { name } of pinnedBy(act, patch, transition.goal))
    act.tell('patch.pinned', { patch: name, by: patch.name })
}

/** Whose `forced` the force sets: who is being removed, so that no task returns into code that is gone. */
function pinnedBy({ state, world }: Act, patch: PatchState, goal: Goal): PatchState[] {
  const { rules } = world
  const list = state.patches.filter(({ offList }) => !offList)
  if (hasBug(world, 'force-pins-all')) return list
  if (hasBug(world, 'force-pins-nobody')) return []
  if (goal === 'unpatched') return [patch]
  if (!rules.replaces(patch)) return []
  const pinsItself = hasBug(world, 'force-pins-itself')
  return list.filter((other) => rules.isPinnedBy(patch, other) || (pinsItself && other === patch))
}

function refused(
  act: Act,
  patch: string,
  operation: 'write-enabled' | 'force',
  value: string,
  error: number
): number {
  act.tell('patch.rejected', { patch, operation, value, errno: -error, message: null, actor: null })
  return error
}
