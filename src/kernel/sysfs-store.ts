import { findPatch, type PatchState } from '../projections/index.ts'
import { type Act, EBUSY, EINVAL, ENOENT } from './act.ts'
import { runCallback } from './callbacks.ts'
import { kstrtobool } from './kstrtobool.ts'
import { initTransition, startTransition, tryCompleteTransition, wordOf } from './transition.ts'

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
  if (wanted) return refused(act, name, 'write-enabled', value, -EINVAL)
  if (act.state.transition !== null) return refused(act, name, 'write-enabled', value, -EBUSY)
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
  act.tell('transition.reversed', { patch: patch.name, goal: to })
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
  const { rules } = act.world
  const pinned =
    transition.goal === 'unpatched'
      ? [patch]
      : rules.replaces(patch)
        ? act.state.patches.filter((other) => !other.offList && rules.isPinnedBy(patch, other))
        : []
  for (const { name } of pinned) act.tell('patch.pinned', { patch: name, by: patch.name })
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
