import { type TimelineHead, taskKey } from '../../src/projections/index.ts'
import { type History, lastAtMost } from './history.ts'

/** How many tasks had switched when, in one phase of a transition. */
export interface SwitchCurve {
  readonly patch: string
  readonly from: number
  readonly to: number
  /** When each task switched, in order. */
  readonly times: readonly number[]
  /** Tasks that the evidence names in this phase, switched or not. */
  readonly tasks: number
}

/** The curves of all phases of transitions, oldest first; they do not overlap. */
export function switchCurves(head: TimelineHead, history: History): SwitchCurve[] {
  return head.transitions.map(({ fromPosition, toPosition, fromNs, toNs, value }) => {
    const times: number[] = []
    const tasks = new Set<number>()
    const end = toPosition === null ? history.length - 1 : history.indexOfPosition(toPosition)
    for (let n = Math.max(0, history.indexOfPosition(fromPosition)); n <= end; n++) {
      const event = history.events[n]
      if (event?.type !== 'task.switched' && event?.type !== 'task.blocked') continue
      const { patch, goal, pid, comm } = event.data
      if (patch !== value.patch || goal !== value.goal) continue
      tasks.add(taskKey(pid, comm))
      if (event.type === 'task.switched') times.push(history.timeOf(n))
    }
    return {
      patch: value.patch,
      from: history.since(fromNs),
      to: toNs === null ? Number.POSITIVE_INFINITY : history.since(toNs),
      times,
      tasks: tasks.size
    }
  })
}

/** How many tasks had switched at a time. */
export function switchedAt({ times }: SwitchCurve, time: number): number {
  return lastAtMost(times, time) + 1
}
