import type { Goal, ReadModelSource, StoredEvent } from '../events/index.ts'
import { readSpans, type TimeRange } from './span-reader.ts'
import type { Span } from './span-tracker.ts'
import type { TransitionSpan } from './spans.ts'
import { taskKey } from './state.ts'

/** A task that a transition waited for, from its first failed try on. `toNs` null: it still does. */
export interface BlockedTaskRow {
  readonly pid: number
  readonly comm: string
  /** Of the last try: `sleeping`, `running`, `unreliable-stack` or `unknown`. */
  readonly reason: string
  /** The patched function that was on its stack at the last try; null where no evidence names it. */
  readonly function: string | null
  readonly fromNs: bigint
  readonly toNs: bigint | null
  readonly tries: number
  /** What ended the wait: the task's own switch, a force, or the transition's end; null while it lasts. */
  readonly endedBy: 'switched' | 'forced' | 'transition' | null
}

/** A transition towards one goal, and the tasks that it waited for, the longest first. */
export interface TransitionWait {
  readonly patch: string
  readonly goal: Goal
  readonly fromNs: bigint
  readonly toNs: bigint | null
  /** Tasks that an event shows switching; what a force switched is not among them. */
  readonly switched: number
  readonly forcedNs: bigint | null
  readonly signaledNs: bigint | null
  readonly tasks: readonly BlockedTaskRow[]
  readonly unsure: string | null
}

/** What the transitions of a range waited for, oldest first; a reversed one is two, one for each goal. */
export async function blockingOf(
  log: ReadModelSource,
  stream: string,
  range: TimeRange = {}
): Promise<TransitionWait[]> {
  const waits: TransitionWait[] = []
  for (const span of await readSpans(log, stream, 'transition', range)) {
    waits.push(await waitOf(log, stream, span, range))
  }
  return waits
}

type TaskEvent = Extract<StoredEvent, { type: 'task.switched' | 'task.blocked' }>

interface Open {
  readonly first: TaskEvent
  last: Extract<TaskEvent, { type: 'task.blocked' }>
  tries: number
  switchedNs: bigint | null
}

async function waitOf(
  log: ReadModelSource,
  stream: string,
  span: Span<TransitionSpan>,
  range: TimeRange
): Promise<TransitionWait> {
  const switched = new Set<number>()
  const blocked = new Map<number, Open>()
  for await (const event of taskEvents(log, stream, span)) {
    const key = taskKey(event.data.pid, event.data.comm)
    const open = blocked.get(key)
    if (event.type === 'task.switched') {
      switched.add(key)
      if (open !== undefined) open.switchedNs ??= event.uptimeNs
    } else if (!switched.has(key)) {
      // The return of a failed try can be written after the task switched itself on another CPU.
      if (open === undefined) blocked.set(key, { first: event, last: event, tries: 1, switchedNs: null })
      else blocked.set(key, { ...open, last: event, tries: open.tries + 1 })
    }
  }
  const { patch, goal, forcedNs, signaledNs, unsure } = span.value
  const forced = forcedNs === null ? null : BigInt(forcedNs)
  const tasks = [...blocked.values()].map((open) => rowOf(open, forced, span.toNs))
  return {
    patch,
    goal,
    fromNs: span.fromNs,
    toNs: span.toNs,
    switched: switched.size,
    forcedNs: forced,
    signaledNs: signaledNs === null ? null : BigInt(signaledNs),
    tasks: tasks.filter((row) => overlaps(row, range)).sort(longestFirst),
    unsure
  }
}

/** The tries and switches of one transition; evidence that came too late for the fold is not among them. */
async function* taskEvents(
  log: ReadModelSource,
  stream: string,
  { fromPosition, toPosition, fromNs, value }: Span<TransitionSpan>
): AsyncIterable<TaskEvent> {
  const pages = log.read({
    stream,
    // The first event of a history that begins inside a transition is a task's own.
    after: fromPosition - 1,
    ...(toPosition === null ? {} : { upTo: toPosition - 1 }),
    types: ['task.switched', 'task.blocked']
  })
  for await (const page of pages) {
    for (const event of page) {
      if (event.type !== 'task.switched' && event.type !== 'task.blocked') continue
      const { patch, goal } = event.data
      if (patch === value.patch && goal === value.goal && event.uptimeNs >= fromNs) yield event
    }
  }
}

function rowOf({ first, last, tries, switchedNs }: Open, forcedNs: bigint | null, endNs: bigint | null) {
  const { pid, comm, reason, function: name } = last.data
  const [toNs, endedBy]: [bigint | null, BlockedTaskRow['endedBy']] =
    switchedNs !== null
      ? [switchedNs, 'switched']
      : forcedNs !== null && forcedNs >= first.uptimeNs
        ? [forcedNs, 'forced']
        : [endNs, endNs === null ? null : 'transition']
  return { pid, comm, reason, function: name, fromNs: first.uptimeNs, toNs, tries, endedBy }
}

function overlaps(row: BlockedTaskRow, { sinceNs, untilNs }: TimeRange): boolean {
  return (
    (untilNs === undefined || row.fromNs <= untilNs) &&
    (sinceNs === undefined || row.toNs === null || row.toNs >= sinceNs)
  )
}

function longestFirst(a: BlockedTaskRow, b: BlockedTaskRow): number {
  if (a.toNs === null || b.toNs === null) {
    if (a.toNs !== b.toNs) return a.toNs === null ? -1 : 1
    return a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : a.pid - b.pid
  }
  const [left, right] = [a.toNs - a.fromNs, b.toNs - b.fromNs]
  return left > right ? -1 : left < right ? 1 : a.pid - b.pid
}
