import type { ReadModelSource, StoredEvent } from '../events/index.ts'
import { bootTimeOf } from './asked/stream-time.ts'
import type { Blame } from './blame.ts'
import type { TransitionWait } from './blocking.ts'
import type { Gap } from './gaps.ts'
import type { Run } from './runs.ts'
import type { KernelState } from './state.ts'
import { diffStates, type StateDiff } from './state-diff.ts'

/*
 * What questions answer as JSON, the same through every face: docs/json.md is its contract. Numbers of 64
 * bits are decimal text.
 */

/** An event as `klplog log -o json` gives it. */
export function eventRow({ evidence, ...event }: StoredEvent) {
  const { position, stream, revision, type, version, uptimeNs, wallNs, data } = event
  const { source, line, inferred = false } = evidence
  return {
    position,
    stream,
    revision,
    type,
    version,
    uptimeNs: String(uptimeNs),
    wallNs: textOrNull(wallNs),
    data,
    evidence: { source, line, inferred }
  }
}

/** An event with its evidence, as `klplog show -o json` gives it. */
export function shownEvent(event: StoredEvent) {
  const { raw, latin1 = false } = event.evidence
  const row = eventRow(event)
  return { ...row, evidence: { ...row.evidence, latin1, raw } }
}

export type GapRow = ReturnType<typeof gapRow>

/** A row of `klplog gaps`. */
export function gapRow(gap: Gap) {
  const { program, function: name, fromNs, toNs, task, reason, takenOver, unsure } = gap
  return {
    program,
    function: name,
    fromNs: String(fromNs),
    toNs: textOrNull(toNs),
    durationNs: toNs === null ? null : String(toNs - fromNs),
    task,
    reason,
    takenOver: takenOver === null ? null : { program: takenOver.program, atNs: String(takenOver.atNs) },
    unsure
  }
}

export type RunRow = ReturnType<typeof runRow>

/** A row of `klplog runs`. */
export function runRow({ fromNs, toNs, ...run }: Run) {
  return { fromNs: String(fromNs), toNs: textOrNull(toNs), ...run }
}

/** The rows of `klplog blocking` about one transition. */
export function blockingRows({ tasks, ...transition }: TransitionWait) {
  const { patch, goal, fromNs, toNs, switched, forcedNs, signaledNs, unsure } = transition
  return tasks.map((task) => ({
    patch,
    goal,
    transitionFromNs: String(fromNs),
    transitionToNs: textOrNull(toNs),
    pid: task.pid,
    comm: task.comm,
    reason: task.reason,
    function: task.function,
    fromNs: String(task.fromNs),
    toNs: textOrNull(task.toNs),
    tries: task.tries,
    endedBy: task.endedBy,
    switched,
    forcedNs: textOrNull(forcedNs),
    signaledNs: textOrNull(signaledNs),
    unsure
  }))
}

/** A row of `klplog blame`. */
export function blameRow({ uptimeNs, ...row }: Blame) {
  return { ...row, uptimeNs: String(uptimeNs) }
}

/** What differs between two moments, as `klplog diff -o json` gives it. */
export interface DiffAnswer extends StateDiff {
  readonly stream: string
  readonly from: Place
  readonly to: Place
}

interface Place {
  readonly position: number
  readonly uptimeNs: string
}

/** Compares two states of one stream. */
export function diffAnswer(stream: string, before: KernelState, after: KernelState): DiffAnswer {
  return { stream, from: placeOf(before), to: placeOf(after), ...diffStates(before, after) }
}

function placeOf({ position, uptimeNs }: KernelState): Place {
  return { position, uptimeNs: String(uptimeNs) }
}

/** A row of `klplog streams`. */
export interface StreamRow {
  readonly stream: string
  readonly events: number
  readonly rejected: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly firstNs: string
  readonly lastNs: string
  /** Ns since the epoch. */
  readonly bootTimeNs: string | null
}

/** What the log has. */
export async function streamRows(log: Pick<ReadModelSource, 'read' | 'streams'>): Promise<StreamRow[]> {
  const rows: StreamRow[] = []
  for (const info of await log.streams()) {
    const { stream, revision: events, rejected, firstPosition, lastPosition } = info
    const [firstNs, lastNs] = [String(info.firstNs), String(info.lastNs)]
    const bootTimeNs = textOrNull(await bootTimeOf(log, info))
    rows.push({ stream, events, rejected, firstPosition, lastPosition, firstNs, lastNs, bootTimeNs })
  }
  return rows
}

function textOrNull(ns: bigint | null): string | null {
  return ns === null ? null : String(ns)
}
