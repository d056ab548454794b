import type { HistoryEvent } from '../../events/index.ts'
import { type KernelState, versionAt } from '../../projections/index.ts'

/** What a call of a function runs, by the patch state of the calling task: 0 unpatched, 1 patched. */
export type View = readonly [string, string]

/** Both views of a function: without a transition they are one. */
export function viewOf(state: KernelState, key: string): View {
  const patched = versionAt(state, key, 1)
  return [state.transition === null ? patched : versionAt(state, key, 0), patched]
}

/** The views of every function that has a stack. */
export function viewsOf(state: KernelState): Map<string, View> {
  return new Map([...state.stacks.keys()].map((key) => [key, viewOf(state, key)]))
}

/** The patch state that a transition moves tasks to. */
export function targetOf(state: KernelState): 0 | 1 {
  return state.transition?.goal === 'unpatched' ? 0 : 1
}

/**
 * The patch states that some task has. Whoever tasks are, none is at the goal before the first has switched, and
 * none is anywhere else once the kernel completes.
 */
export function patchStatesOf({ transition }: KernelState, isCompleting: boolean): readonly (0 | 1)[] {
  if (transition === null) return [1]
  const goal = transition.goal === 'patched' ? 1 : 0
  if (!transition.started) return isCompleting ? [goal] : [(1 - goal) as 0 | 1]
  if (isCompleting) return [goal]
  const isBegun = transition.firstSwitchNs !== null || transition.forcedNs !== null
  const isOver = transition.forcedNs !== null
  if (isOver) return [goal]
  return isBegun ? [0, 1] : [(1 - goal) as 0 | 1]
}

/** Whether the event is a step of klp_complete_transition(), which no task switches after. */
export function isCompletion(state: KernelState, event: HistoryEvent): boolean {
  const name = state.transition?.patch
  switch (event.type) {
    case 'patch.replaced':
      return event.data.by === name
    case 'nop.discarded':
    case 'patch.unpatched':
    case 'transition.completed':
      return event.data.patch === name
    case 'object.unpatched':
      return event.data.patch === name && movingModule(state, event) === null
    default:
      return false
  }
}

/**
 * The module that comes or goes with the event: what its functions run changes for everybody, without a transition.
 */
export function movingModule(state: KernelState, event: HistoryEvent): string | null {
  switch (event.type) {
    case 'module.loaded':
    case 'module.going':
    case 'module.unloaded':
      return event.data.module
    case 'object.patched': {
      const { transition } = state
      const isEnable = transition?.patch === event.data.patch && !transition.started
      return event.data.object === 'vmlinux' || isEnable ? null : event.data.object
    }
    case 'object.unpatched':
      return state.modules.get(event.data.object)?.state === 'going' ? event.data.object : null
    default:
      return null
  }
}
