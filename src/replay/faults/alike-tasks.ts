import { pendingTasks } from '../../kernel/index.ts'
import { type TaskState, taskKey } from '../../projections/index.ts'
import type { Place } from './fault.ts'

/**
 * Of tasks that nothing tells apart one is enough: they are in the same functions, on the same side of the
 * transition, and nothing that lies ahead speaks of them.
 */
export function oneOfEach(tasks: readonly TaskState[], { state, ahead }: Place): TaskState[] {
  const named = new Set<number>()
  for (const { operation } of ahead) {
    if ('task' in operation) named.add(operation.task)
    if ('parent' in operation && operation.parent !== undefined) named.add(operation.parent)
    if ('conditions' in operation) for (const task of operation.conditions?.keys() ?? []) named.add(task)
  }
  const pending = new Set(pendingTasks(state).map(({ pid, comm }) => taskKey(pid, comm)))
  const kinds = new Map<string, TaskState>()
  for (const task of tasks) {
    const key = taskKey(task.pid, task.comm)
    const frames = task.frames.map((frame) => `${frame.function} ${frame.version}`)
    const kind = named.has(key) ? String(key) : [key < 0, pending.has(key), ...frames].join()
    if (!kinds.has(kind)) kinds.set(kind, task)
  }
  return [...kinds.values()]
}
