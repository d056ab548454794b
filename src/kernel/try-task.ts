import { functionKey, type KernelState, ORIGINAL, type TaskState, taskKey } from '../projections/index.ts'
import type { Act } from './act.ts'
import { hasBug } from './bugs.ts'
import { repair } from './damage.ts'

/** TIF_PATCH_PENDING: the thread has not reached the goal of the transition yet. */
export function isPending({ transition }: KernelState, key: number): boolean {
  if (transition === null || transition.forcedNs !== null) return false
  return transition.behind === null ? !transition.switched.has(key) : transition.behind.has(key)
}

/** The threads that have not reached the goal of the transition yet: threads first, then each CPU's idle task. */
export function pendingTasks(state: KernelState): TaskState[] {
  if (state.transition === null) return []
  const threads: TaskState[] = []
  const idle: [number, TaskState][] = []
  for (const [key, task] of state.tasks) {
    if (!isPending(state, key)) continue
    if (key < 0) idle.push([key, task])
    else threads.push(task)
  }
  idle.sort(([a], [b]) => b - a)
  return [...threads, ...idle.map(([, task]) => task)]
}

/** klp_try_switch_task(): the task reaches the goal, or is told to be in its way. Returns whether it did. */
export function tryTask(act: Act, task: TaskState, checked: CheckedVersions): boolean {
  const { transition } = act.state
  if (transition === null) return true
  const { pid, comm } = task
  const condition = act.conditions.get(taskKey(pid, comm))
  if (condition === 'self') {
    tellSwitched(act, task, 'self')
    return true
  }
  // Without reliable stacks nobody looks, and nobody is told of.
  if (!act.world.traits.reliableStacks) return false
  const isLookedAt =
    condition === undefined &&
    !hasBug(act.world, taskKey(pid, comm) < 0 ? 'idle-tasks-unchecked' : 'immediate')
  const sleepsIn = isLookedAt ? checkStack(task, checked) : null
  if (condition === undefined && sleepsIn === null) {
    tellSwitched(act, task, 'checked')
    return true
  }
  tellBlocked(act, task, condition ?? 'sleeping', sleepsIn)
  return false
}

/** The task has the target's patch state, and its pending flag is cleared. */
export function tellSwitched(act: Act, { pid, comm }: TaskState, how: 'checked' | 'self'): void {
  const { transition } = act.state
  if (transition === null) return
  act.tell('task.switched', { patch: transition.patch, goal: transition.goal, pid, comm, how })
  repair(act, 'pending-flag', String(taskKey(pid, comm)))
}

/** What klp_try_switch_task() says of a task that it could not switch. */
export function tellBlocked(
  act: Act,
  { pid, comm }: TaskState,
  reason: 'running' | 'unreliable-stack' | 'sleeping',
  sleepsIn: string | null
): void {
  const { transition } = act.state
  if (transition === null) return
  const { patch, goal } = transition
  act.tell('task.blocked', { patch, goal, pid, comm, reason, function: sleepsIn })
  act.printKlp('debug', `klp_try_switch_task: ${comm}:${pid} ${debugWords(reason, sleepsIn)}`)
}

function debugWords(reason: string, sleepsIn: string | null): string {
  if (reason === 'running') return 'is running'
  return reason === 'sleeping' ? `is sleeping on function ${sleepsIn}` : 'has an unreliable stack'
}

/** By function key: the version that must not be on a switching task's stack, in the order in which it is looked for. */
export type CheckedVersions = ReadonlyMap<
  string,
  { readonly version: string; readonly name: string; readonly order: number }
>

/**
 * klp_check_stack_func(): towards unpatched the patch's own code is checked, towards patched what the entry below
 * runs; only the one directly below, never deeper ones. A nop's code is the original.
 */
export function checkedVersions(
  state: KernelState,
  name: string | undefined = state.transition?.patch
): CheckedVersions {
  const { transition } = state
  const checked = new Map<string, { version: string; name: string; order: number }>()
  const patch = state.patches.find((one) => one.name === name)
  if (transition === null || patch === undefined) return checked
  for (const object of patch.objects) {
    if (!object.patched) continue
    for (const func of object.functions) {
      const key = functionKey(object.name, func.name, func.sympos)
      const own = func.nop ? ORIGINAL : patch.name
      const version = transition.goal === 'unpatched' ? own : versionBelow(state, patch.name, key)
      checked.set(key, { version, name: func.name, order: checked.size })
    }
  }
  return checked
}

/** klp_check_stack(): the function on the task's stack that the transition would change under it; null for none. */
export function checkStack({ frames }: TaskState, checked: CheckedVersions): string | null {
  let first: { readonly name: string; readonly order: number } | null = null
  for (const frame of frames) {
    const one = checked.get(frame.function)
    if (one === undefined || one.version !== frame.version) continue
    if (first === null || one.order < first.order) first = one
  }
  return first?.name ?? null
}

function versionBelow(state: KernelState, patch: string, key: string): string {
  const stack = state.stacks.get(key) ?? []
  const below = stack[stack.findIndex((entry) => entry.patch === patch) + 1]
  return below === undefined || below.nop ? ORIGINAL : below.patch
}
