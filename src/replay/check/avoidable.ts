import type { HistoryEvent } from '../../events/index.ts'
import { taskKey } from '../../projections/index.ts'
import type { ModelRun } from '../engine/model-run.ts'
import type { Violation } from '../engine/violation.ts'
import { continuationsAt } from './continuations.ts'

/** A moment between two operations: the run as it stood there, and the event that came next. */
export interface Crossroads {
  readonly run: ModelRun
  readonly next: HistoryEvent
}

/** The last moment from which something gets round a violation, and what. */
export interface Avoidable {
  /** Of the last event before that moment. */
  readonly position: number
  readonly uptimeNs: bigint
  /** What would have got round it, so that it fits behind "if". */
  readonly ifOnly: string
  /** The event that came instead. */
  readonly next: HistoryEvent
}

/** The latest crossroads before a violation that one of the continuations leaves without it; null for none of them. */
export function avoidableUntil(violation: Violation, crossroads: readonly Crossroads[]): Avoidable | null {
  for (const { run, next } of crossroads.toReversed()) {
    const { position, uptimeNs } = run.state
    if (position >= violation.position || isOpen(run, violation)) continue
    const way = continuationsAt(run.state, violation.subject).find(({ operations }) => {
      const fork = run.fork()
      const before = fork.watch.violations.length
      for (const operation of operations) {
        if (fork.perform(operation, fork.state.uptimeNs).ret !== 0) return false
      }
      settle(fork)
      return !fork.watch.violations.slice(before).some((one) => isSame(one, violation))
    })
    if (way !== undefined) return { position, uptimeNs, ifOnly: way.name, next }
  }
  return null
}

function isSame(one: Violation, other: Violation): boolean {
  return one.invariant === other.invariant && one.subject === other.subject
}

/** The one before it, of the same kind, has not ended there. */
function isOpen({ watch }: ModelRun, violation: Violation): boolean {
  return watch.violations.some((one) => one.lasting && one.toNs === null && isSame(one, violation))
}

/** No pid is as high as this (PID_MAX_LIMIT): it stands for the tasks that the history does not tell of. */
const anyTask = { pid: 4_194_304, comm: 'any task' } as const

const triesMax = 4
const betweenTriesNs = 1_000_000_000n

/** Tasks leave the functions that they are in, switch, and are tried; works come to their turn: a fair end. */
function settle(run: ModelRun): void {
  const key = taskKey(anyTask.pid, anyTask.comm)
  run.perform({ op: 'start-task', ...anyTask }, run.state.uptimeNs)
  run.perform({ op: 'switch', task: key }, run.state.uptimeNs)
  for (const [task, { frames }] of run.state.tasks) {
    for (const _frame of [...frames]) run.perform({ op: 'return', task }, run.state.uptimeNs)
  }
  for (let tries = 0; tries < triesMax && run.state.transition !== null; tries += 1) {
    run.perform({ op: 'try' }, run.state.uptimeNs + betweenTriesNs)
  }
  for (const { name: patch } of run.state.patches.filter(({ offList }) => offList)) {
    run.perform({ op: 'free', patch }, run.state.uptimeNs)
  }
  run.perform({ op: 'exit-task', task: key }, run.state.uptimeNs)
}
