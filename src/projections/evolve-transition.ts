import type { Goal, HistoryEvent } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { doubt, doubtUnknown, unsureOf } from './doubt.ts'
import { discardNops, removePatchFromStacks, touchFunctions } from './stack.ts'
import { findPatch, type KernelState, type TransitionState, taskKey } from './state.ts'

type TransitionEvent = Extract<
  HistoryEvent,
  { type: `transition.${string}` } | { type: 'task.switched' } | { type: 'task.blocked' }
>

/** The transition and its tasks: what kernel/livepatch/transition.c does to the state. */
export function evolveTransition(state: KernelState, event: TransitionEvent, changes: Changes): void {
  if (findPatch(state, event.data.patch) === undefined) doubtUnknown(state, event, changes)
  switch (event.type) {
    case 'task.switched': {
      const transition = current(state, event, changes)
      if (transition.firstSwitchNs === null) changes.transition = true
      transition.firstSwitchNs ??= event.uptimeNs
      const key = taskKey(event.data.pid, event.data.comm)
      transition.switched.set(key, event.uptimeNs)
      transition.blocked.delete(key)
      transition.behind?.delete(key)
      return
    }
    case 'task.blocked': {
      const { pid, comm, reason } = event.data
      const { blocked, switched } = current(state, event, changes)
      // The return of a failed try can be written after the task switched itself on another CPU.
      if (switched.has(taskKey(pid, comm))) return
      const before = blocked.get(taskKey(pid, comm))
      blocked.set(taskKey(pid, comm), {
        comm,
        reason,
        function: event.data.function,
        sinceNs: before?.sinceNs ?? event.uptimeNs,
        tries: (before?.tries ?? 0) + 1
      })
      return
    }
    case 'transition.tried': {
      const transition = current(state, event, changes)
      transition.tries += 1
      if (transition.tries === 1) changes.transition = true
      return
    }
    case 'transition.started':
      start(state, event, changes)
      return
    case 'transition.reversed':
      reverse(current(state, event, changes), event.data.goal, event.uptimeNs)
      break
    case 'transition.forced': {
      const transition = current(state, event, changes)
      transition.forcedNs ??= event.uptimeNs
      transition.blocked.clear()
      break
    }
    case 'transition.signaled':
      current(state, event, changes).signaledNs ??= event.uptimeNs
      break
    case 'transition.cancelled':
      reverse(begin(state, event.data.patch, 'unpatched', event, changes), 'unpatched', event.uptimeNs)
      break
    case 'transition.completed':
      begin(state, event.data.patch, event.data.goal, event, changes)
      complete(state, event.data.patch, event.data.goal, changes)
      break
  }
  state.changedNs = event.uptimeNs
  changes.transition = true
  changes.patches = true
  touchFunctions(findPatch(state, event.data.patch), changes)
}

/** klp_init_transition(): the patch is the one in transition, and its functions' flags are up. */
export function begin(
  state: KernelState,
  patch: string,
  goal: Goal,
  event: { uptimeNs: bigint; position: number },
  changes: Changes
): TransitionState {
  if (state.transition?.patch === patch) return state.transition
  if (state.transition !== null) {
    const { patch: other, goal: reached } = state.transition
    doubt(state, event, `${patch} is in transition, and no evidence shows how ${other}'s ended`, changes)
    complete(state, other, reached, changes)
  }
  const transition: TransitionState = {
    patch,
    goal,
    started: false,
    sinceNs: event.uptimeNs,
    sincePosition: event.position,
    switched: new Map(),
    behind: null,
    blocked: new Map(),
    firstSwitchNs: null,
    forcedNs: null,
    signaledNs: null,
    tries: 0,
    unsure: unsureOf(state, 'patches')
  }
  state.transition = transition
  state.changedNs = event.uptimeNs
  changes.transition = true
  changes.patches = true
  touchFunctions(findPatch(state, patch), changes)
  return transition
}

/** klp_start_transition(), then `enabled` as its caller sets it: true towards patched, false towards unpatched. */
function start(
  state: KernelState,
  event: Extract<TransitionEvent, { type: 'transition.started' }>,
  changes: Changes
) {
  const { patch: name, goal } = event.data
  const transition = begin(state, name, goal, event, changes)
  if (transition.goal !== goal) reverse(transition, goal, event.uptimeNs)
  transition.started = true
  transition.tries = 0
  const patch = findPatch(state, name)
  if (patch !== undefined) patch.enabled = goal === 'patched'
  state.changedNs = event.uptimeNs
  changes.transition = true
  changes.patches = true
  touchFunctions(patch, changes)
}

/**
 * klp_reverse_transition(): who had switched has to go back, who had not is there already; reversed again, all
 * but those who were still to go back have to turn round. A force had moved everybody.
 */
function reverse(transition: TransitionState, goal: Goal, uptimeNs: bigint): void {
  if (transition.goal === goal) return
  const { switched, behind, forcedNs } = transition
  const stayed = forcedNs === null ? [...(behind ?? [])] : []
  transition.goal = goal
  transition.behind = behind === null && forcedNs === null ? new Set(switched.keys()) : null
  transition.switched = new Map(stayed.map((task) => [task, uptimeNs]))
  transition.blocked = new Map()
  transition.tries = 0
  transition.firstSwitchNs = transition.behind !== null || stayed.length > 0 ? uptimeNs : null
  transition.forcedNs = null
  transition.signaledNs = null
}

/** klp_complete_transition(): what is left of the losing side leaves the stacks; nothing is in transition. */
function complete(state: KernelState, name: string, goal: Goal, changes: Changes): void {
  const patch = findPatch(state, name)
  touchFunctions(patch, changes)
  if (patch !== undefined && goal === 'patched') discardNops(state, patch, changes)
  if (patch !== undefined && goal === 'unpatched') {
    patch.enabled = false
    removePatchFromStacks(state, patch, changes)
    patch.offList = true
  }
  for (const old of state.patches) if (old.replacedBy === name) old.offList = true
  state.transition = null
  changes.transition = true
  changes.patches = true
}

/** The transition that the event speaks of; evidence that begins in its middle opens it here. */
function current(
  state: KernelState,
  event: Extract<TransitionEvent, { data: { goal: Goal } }>,
  changes: Changes
): TransitionState {
  const transition = begin(state, event.data.patch, event.data.goal, event, changes)
  if (!transition.started) changes.transition = true
  transition.started = true
  return transition
}
