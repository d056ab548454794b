import type { HistoryEvent } from '../../events/index.ts'
import { taskKey } from '../../projections/index.ts'

/** A thread as /proc has it: what B.6 and B.7 say of its patch state, told by the facts alone. */
export interface Thread {
  readonly patchState: -1 | 0 | 1
  readonly pending: boolean
}

/** Threads by their keys, as far as the history tells of them, and klp_target_state. */
export interface ThreadStates {
  target: -1 | 0 | 1
  threads: Map<number, Thread>
}

/** The events that threads follow from. */
export const threadEvents = [
  'patch.enabled',
  'patch.disabled',
  'transition.started',
  'transition.reversed',
  'transition.cancelled',
  'transition.forced',
  'transition.completed',
  'task.switched',
  'task.started',
  'task.exited'
] as const

/** B.6, B.7, B.11, B.13 and the fork, thread by thread. */
export function tellThreads(memory: ThreadStates, event: HistoryEvent): void {
  const { threads } = memory
  switch (event.type) {
    case 'patch.enabled':
    case 'patch.disabled':
      memory.target = event.type === 'patch.enabled' ? 1 : 0
      setAll(threads, () => ({ patchState: memory.target === 1 ? 0 : 1, pending: false }))
      return
    case 'transition.started':
      setAll(threads, ({ patchState }) => ({ patchState, pending: patchState !== memory.target }))
      return
    case 'transition.reversed':
    case 'transition.cancelled':
      memory.target = memory.target === 1 ? 0 : 1
      setAll(threads, ({ patchState }) => ({ patchState, pending: false }))
      return
    case 'transition.forced':
      setAll(threads, () => ({ patchState: memory.target, pending: false }))
      return
    case 'transition.completed':
      memory.target = -1
      setAll(threads, () => ({ patchState: -1, pending: false }))
      return
    case 'task.switched': {
      const key = taskKey(event.data.pid, event.data.comm)
      if (threads.has(key)) threads.set(key, { patchState: memory.target, pending: false })
      return
    }
    case 'task.started': {
      const parent = threads.get(event.data.parent ?? Number.NaN)
      // A thread without a parent was there from the beginning, and is where the transition's side began.
      threads.set(taskKey(event.data.pid, event.data.comm), parent ?? outsider(memory))
      return
    }
    case 'task.exited':
      threads.delete(taskKey(event.data.pid, event.data.comm))
      return
    default:
      return
  }
}

function outsider({ target }: ThreadStates): Thread {
  return target === -1
    ? { patchState: -1, pending: false }
    : { patchState: target === 1 ? 0 : 1, pending: true }
}

function setAll(threads: Map<number, Thread>, change: (thread: Thread) => Thread): void {
  for (const [key, thread] of threads) threads.set(key, change(thread))
}
