import { type TimelineHead, taskKey } from '../../src/projections/index.ts'
import { type History, lastAtMost } from './history.ts'

/** Who had switched when, in one phase of a transition. */
export interface SwitchCurve {
  readonly patch: string
  readonly fromPosition: number
  readonly toPosition: number | null
  readonly from: number
  readonly to: number
  /** When each task switched, in order. */
  readonly times: readonly number[]
  /** Every task that the evidence names in this phase, by its key. */
  readonly named: ReadonlyMap<number, NamedTask>
}

export interface NamedTask {
  readonly pid: number
  readonly comm: string
  /** When it switched; null: not in this phase. */
  readonly at: number | null
}

/** The curves of all phases of transitions, oldest first; they do not overlap. */
export function switchCurves(head: TimelineHead, history: History): SwitchCurve[] {
  return head.transitions.map(({ fromPosition, toPosition, fromNs, toNs, value }) => {
    const named = new Map<number, NamedTask>()
    const times: number[] = []
    const end = toPosition === null ? history.length - 1 : history.indexOfPosition(toPosition)
    for (let n = Math.max(0, history.indexOfPosition(fromPosition)); n <= end; n++) {
      const event = history.events[n]
      if (event?.type !== 'task.switched' && event?.type !== 'task.blocked') continue
      const { patch, goal, pid, comm } = event.data
      if (patch !== value.patch || goal !== value.goal) continue
      const at = event.type === 'task.switched' ? history.timeOf(n) : null
      const key = taskKey(pid, comm)
      if (at !== null) times.push(at)
      named.set(key, { pid, comm, at: at ?? named.get(key)?.at ?? null })
    }
    const from = history.since(fromNs)
    const to = toNs === null ? Number.POSITIVE_INFINITY : history.since(toNs)
    return { patch: value.patch, fromPosition, toPosition, from, to, times, named }
  })
}

/** The phase that is under way right behind an event. */
export function curveAt(curves: readonly SwitchCurve[], position: number): SwitchCurve | undefined {
  let [low, high] = [0, curves.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((curves[middle]?.fromPosition ?? 0) <= position) low = middle + 1
    else high = middle
  }
  const last = curves[low - 1]
  return last === undefined || (last.toPosition !== null && position >= last.toPosition) ? undefined : last
}

/** How many tasks had switched at a time. */
export function switchedAt({ times }: SwitchCurve, time: number): number {
  return lastAtMost(times, time) + 1
}
