import type { HistoryEvent } from '../events/index.ts'
import { functionKey, type KernelState, taskKey } from './state.ts'

type TaskEvent = Extract<
  HistoryEvent,
  { type: 'task.started' | 'task.exited' | 'call.entered' | 'call.returned' }
>

/** Threads and the calls that they are in. */
export function evolveTask(state: KernelState, event: TaskEvent): void {
  const key = taskKey(event.data.pid, event.data.comm)
  switch (event.type) {
    case 'task.started':
      state.tasks.set(key, { pid: event.data.pid, comm: event.data.comm, frames: [] })
      inherit(state, key, event.data.parent, event.uptimeNs)
      return
    case 'task.exited':
      state.tasks.delete(key)
      state.transition?.switched.delete(key)
      state.transition?.behind?.delete(key)
      state.transition?.blocked.delete(key)
      return
    case 'call.entered': {
      const { object, function: name, version } = event.data
      state.tasks.get(key)?.frames.push({ function: functionKey(object, name, 1), version })
      return
    }
    case 'call.returned':
      state.tasks.get(key)?.frames.pop()
      return
  }
}

/** klp_copy_process(): the child has its parent's patch state and pending flag. */
function inherit(state: KernelState, child: number, parent: number | null, uptimeNs: bigint): void {
  const { transition } = state
  if (transition === null || parent === null) return
  if (transition.switched.has(parent)) transition.switched.set(child, uptimeNs)
  if (transition.behind?.has(parent) === true) transition.behind.add(child)
}
