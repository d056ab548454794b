import type { EventData, StoredEvent } from '../../events/index.ts'
import type { Operation, TaskConditions } from '../../kernel/index.ts'
import { functionKey, type KernelState, taskKey } from '../../projections/index.ts'

/** What a recorded try tells of the tasks: who was there, who was in its way, and who slept in what. */
export interface TasksOfTry {
  /** Tasks that the try came to, or that switched themselves before it could, by key. */
  readonly listed: ReadonlyMap<number, { readonly pid: number; readonly comm: string }>
  readonly conditions: TaskConditions
  /** The patched function that a task slept in, by the task's key; null where no debug line names it. */
  readonly asleep: ReadonlyMap<number, string | null>
}

/** Reads a try's tasks out of the events that it gave. */
export function tasksOfTry(events: readonly StoredEvent[]): TasksOfTry {
  const listed = new Map<number, { pid: number; comm: string }>()
  const conditions = new Map<number, 'running' | 'unreliable-stack' | 'self'>()
  const asleep = new Map<number, string | null>()
  for (const event of events) {
    if (event.type !== 'task.switched' && event.type !== 'task.blocked') continue
    const { pid, comm } = event.data
    const key = taskKey(pid, comm)
    const known = listed.has(key)
    listed.set(key, { pid, comm })
    if (event.type === 'task.blocked') noteBlocked(event.data, key, conditions, asleep)
    else if (event.data.how === 'self' && !known) conditions.set(key, 'self')
  }
  return { listed, conditions, asleep }
}

function noteBlocked(
  blocked: EventData<'task.blocked'>,
  key: number,
  conditions: Map<number, 'running' | 'unreliable-stack' | 'self'>,
  asleep: Map<number, string | null>
): void {
  if (blocked.reason === 'sleeping') asleep.set(key, blocked.function)
  else conditions.set(key, blocked.reason === 'unreliable-stack' ? 'unreliable-stack' : 'running')
}

/** A thread that a try comes to has not switched: after a reverse it has that from the one that forked it. */
function startOperation(
  state: KernelState,
  pid: number,
  comm: string,
  pending: readonly { pid: number; comm: string }[]
): Operation {
  const [parent] = pending
  if (parent === undefined || state.transition?.behind == null) return { op: 'start-task', pid, comm }
  return { op: 'start-task', pid, comm, parent: taskKey(parent.pid, parent.comm) }
}

/** What has to happen on the model before a try, so that its tasks are those that the recording shows. */
export function taskOperations(
  state: KernelState,
  tasks: TasksOfTry,
  isFirstTry: boolean,
  pending: readonly { pid: number; comm: string }[],
  placeOf: (name: string | null) => { object: string; name: string }
): Operation[] {
  const operations: Operation[] = []
  // The first try comes to every task there is, a later one to those that are left.
  const expected = isFirstTry ? [...state.tasks.values()] : pending
  for (const { pid, comm } of expected) {
    if (!tasks.listed.has(taskKey(pid, comm))) operations.push({ op: 'exit-task', task: taskKey(pid, comm) })
  }
  for (const [key, { pid, comm }] of tasks.listed) {
    const task = state.tasks.get(key)
    if (task === undefined) operations.push(startOperation(state, pid, comm, pending))
    const slept = tasks.asleep.get(key)
    const frames = task?.frames ?? []
    if (slept === undefined) {
      for (const _frame of frames) operations.push({ op: 'return', task: key })
      continue
    }
    const { object, name } = placeOf(slept)
    if (frames.some((frame) => frame.function === functionKey(object, name, 1))) continue
    operations.push({ op: 'call', task: key, object, function: name })
  }
  return operations
}
