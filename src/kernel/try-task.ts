import {
  functionKey,
  type KernelState,
  ORIGINAL,
  type PatchState,
  type TaskState,
  taskKey
} from '../projections/index.ts'
import type { Act } from './act.ts'

/** The threads that have not reached the goal of the transition yet: nobody, once it was forced. */
export function pendingTasks(state: KernelState): TaskState[] {
  const { transition } = state
  if (transition === null || transition.forcedNs !== null) return []
  const pending: TaskState[] = []
  const idle: TaskState[] = []
  for (const [key, task] of state.tasks) {
    const isPending = transition.behind === null ? !transition.switched.has(key) : transition.behind.has(key)
    if (isPending) (key < 0 ? idle : pending).push(task)
  }
  // Threads come first, then the idle task of each CPU.
  return [...pending, ...idle.sort((a, b) => idleCpu(a) - idleCpu(b))]
}

function idleCpu({ pid, comm }: TaskState): number {
  return -1 - taskKey(pid, comm)
}

/** klp_try_switch_task(): the task reaches the goal, or is told to be in its way. Returns whether it did. */
export function tryTask(act: Act, task: TaskState): boolean {
  const { transition } = act.state
  if (transition === null) return true
  const { patch, goal } = transition
  const { pid, comm } = task
  const condition = act.conditions.get(taskKey(pid, comm))
  if (condition === 'self') {
    act.tell('task.switched', { patch, goal, pid, comm, how: 'self' })
    return true
  }
  const sleepsIn = condition === undefined ? checkStack(act.state, task) : null
  if (condition === undefined && sleepsIn === null) {
    act.tell('task.switched', { patch, goal, pid, comm, how: 'checked' })
    return true
  }
  const reason = condition ?? 'sleeping'
  act.tell('task.blocked', { patch, goal, pid, comm, reason, function: sleepsIn })
  act.printKlp('debug', `klp_try_switch_task: ${comm}:${pid} ${debugWords(reason, sleepsIn)}`)
  return false
}

function debugWords(reason: string, sleepsIn: string | null): string {
  if (reason === 'running') return 'is running'
  return reason === 'sleeping' ? `is sleeping on function ${sleepsIn}` : 'has an unreliable stack'
}

/**
 * klp_check_stack(): the function on the task's stack that the transition would change under it; null when
 * there is none. Only the entry directly below the patch's is looked at, never deeper ones.
 */
export function checkStack(state: KernelState, task: TaskState): string | null {
  const { transition } = state
  const patch = state.patches.find((one) => one.name === transition?.patch)
  if (transition === null || patch === undefined || task.frames.length === 0) return null
  for (const object of patch.objects) {
    if (!object.patched) continue
    for (const func of object.functions) {
      const key = functionKey(object.name, func.name, func.sympos)
      const checked =
        transition.goal === 'unpatched' ? ownVersion(patch, func) : versionBelow(state, patch, key)
      if (task.frames.some((frame) => frame.function === key && frame.version === checked)) return func.name
    }
  }
  return null
}

/** Towards unpatched the new code is checked; a nop's new code is the original. */
function ownVersion(patch: PatchState, func: { readonly nop: boolean }): string {
  return func.nop ? ORIGINAL : patch.name
}

/** Towards patched the code that the entry below runs. */
function versionBelow(state: KernelState, patch: PatchState, key: string): string {
  const stack = state.stacks.get(key) ?? []
  const below = stack[stack.findIndex((entry) => entry.patch === patch.name) + 1]
  return below === undefined || below.nop ? ORIGINAL : below.patch
}
