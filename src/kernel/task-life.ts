import {
  functionKey,
  inTransition,
  isDamaged,
  type KernelState,
  ORIGINAL,
  type TaskState,
  taskKey,
  versionAt
} from '../projections/index.ts'
import { type Act, EADDRINUSE, EEXIST, ENOENT, ESRCH } from './act.ts'
import { hasBug } from './bugs.ts'
import { repair } from './damage.ts'
import { isLoaded } from './symbols.ts'
import { checkedVersions, checkStack, isPending, tellBlocked, tellSwitched } from './try-task.ts'

/** klp_copy_process(): the child takes over the parent's patch state and pending flag. */
export function startTask(act: Act, pid: number, comm: string, parent: number | null): number {
  if (act.state.tasks.has(taskKey(pid, comm))) return -EEXIST
  if (parent !== null && !act.state.tasks.has(parent)) return -ESRCH
  const task = act.state.tasks.get(parent ?? Number.NaN)
  const isRace =
    task !== undefined &&
    isPending(act.state, taskKey(task.pid, task.comm)) &&
    hasBug(act.world, 'fork-copies-flag-early')
  // The child has the pending flag already when a try switches the parent, whose state it copies then.
  if (isRace && checkStack(task, checkedVersions(act.state)) === null) {
    tellSwitched(act, task, 'checked')
    act.tell('task.started', { pid, comm, parent })
    act.tell('damage.done', { kind: 'pending-flag', subject: String(taskKey(pid, comm)) })
    return 0
  }
  act.tell('task.started', { pid, comm, parent: hasBug(act.world, 'fork-starts-unpatched') ? null : parent })
  return 0
}

/** do_exit(): nobody waits for the task any more. */
export function exitTask(act: Act, key: number): number {
  const task = act.state.tasks.get(key)
  if (task === undefined) return -ESRCH
  act.tell('task.exited', { pid: task.pid, comm: task.comm })
  repair(act, 'pending-flag', String(key))
  return 0
}

/**
 * klp_update_patch_state(): a task that leaves the kernel, or an idle one in its loop, has none of the functions
 * on its stack and switches without a look. Inside of one it can only come by __klp_sched_try_switch(), which looks.
 */
export function switchTask(act: Act, key: number): number {
  const { transition } = act.state
  const task = act.state.tasks.get(key)
  if (task === undefined) return -ESRCH
  if (transition === null || !isPending(act.state, key)) {
    repair(act, 'pending-flag', String(key))
    return 0
  }
  const sleepsIn = task.frames.length === 0 ? null : checkStack(task, checkedVersions(act.state))
  if (sleepsIn !== null) {
    tellBlocked(act, task, 'sleeping', sleepsIn)
    return -EADDRINUSE
  }
  tellSwitched(act, task, 'self')
  return 0
}

/** A call enters a function through klp_ftrace_handler(), and is in the version that it chose. */
export function enterCall(act: Act, key: number, object: string, name: string): number {
  const task = act.state.tasks.get(key)
  if (task === undefined) return -ESRCH
  if (!isLoaded(act.state, object)) return -ENOENT
  const version = versionFor(act.state, task, functionKey(object, name, 1))
  act.tell('call.entered', { pid: task.pid, comm: task.comm, object, function: name, version })
  return 0
}

/** The innermost call of the task returns. */
export function returnCall(act: Act, key: number): number {
  const task = act.state.tasks.get(key)
  if (task === undefined || task.frames.length === 0) return -ESRCH
  act.tell('call.returned', { pid: task.pid, comm: task.comm })
  return 0
}

/** klp_ftrace_handler(): the version that this task's call of a function runs now. */
export function versionFor(state: KernelState, task: TaskState, key: string): string {
  if (!state.stacks.has(key) || isDamaged(state, 'lost-redirection', key)) return ORIGINAL
  if (!inTransition(state, key)) return versionAt(state, key, 1)
  const goesToPatched = state.transition?.goal === 'patched'
  return versionAt(state, key, isPending(state, taskKey(task.pid, task.comm)) === goesToPatched ? 0 : 1)
}
