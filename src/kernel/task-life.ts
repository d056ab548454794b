import {
  functionKey,
  inTransition,
  type KernelState,
  ORIGINAL,
  type TaskState,
  taskKey,
  versionAt
} from '../projections/index.ts'
import { type Act, ESRCH } from './act.ts'
import { pendingTasks } from './try-task.ts'

/** copy_process(): the child takes over the parent's patch state and pending flag. */
export function startTask(act: Act, pid: number, comm: string, parent: number | null): number {
  if (parent !== null && !act.state.tasks.has(parent)) return -ESRCH
  act.tell('task.started', { pid, comm, parent })
  return 0
}

export function exitTask(act: Act, key: number): number {
  const task = act.state.tasks.get(key)
  if (task === undefined) return -ESRCH
  act.tell('task.exited', { pid: task.pid, comm: task.comm })
  return 0
}

/** klp_update_patch_state(): without a look at the stack, for its places have none of the kernel's functions on it. */
export function switchTask(act: Act, key: number): number {
  const { transition } = act.state
  const task = act.state.tasks.get(key)
  if (task === undefined) return -ESRCH
  if (transition === null || !pendingTasks(act.state).includes(task)) return 0
  const { pid, comm } = task
  act.tell('task.switched', { patch: transition.patch, goal: transition.goal, pid, comm, how: 'self' })
  return 0
}

/** A call enters a function through klp_ftrace_handler(), and is in the version that it chose. */
export function enterCall(act: Act, key: number, object: string, name: string): number {
  const task = act.state.tasks.get(key)
  if (task === undefined) return -ESRCH
  const version = versionFor(act.state, task, functionKey(object, name, 1))
  act.tell('call.entered', { pid: task.pid, comm: task.comm, object, function: name, version })
  return 0
}

export function returnCall(act: Act, key: number): number {
  const task = act.state.tasks.get(key)
  if (task === undefined || task.frames.length === 0) return -ESRCH
  act.tell('call.returned', { pid: task.pid, comm: task.comm })
  return 0
}

/** klp_ftrace_handler(): the version that this task's call of a function runs now. */
export function versionFor(state: KernelState, task: TaskState, key: string): string {
  if (!state.stacks.has(key)) return ORIGINAL
  if (!inTransition(state, key)) return versionAt(state, key, 1)
  const towards = state.transition?.goal === 'patched' ? 1 : 0
  const isPending = pendingTasks(state).some(
    (one) => taskKey(one.pid, one.comm) === taskKey(task.pid, task.comm)
  )
  return versionAt(state, key, isPending ? (towards === 1 ? 0 : 1) : towards)
}
