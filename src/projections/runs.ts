import type { ReadModelSource } from '../events/index.ts'
import { readSpans, spanSubjects, type TimeRange } from './span-reader.ts'
import type { Span } from './span-tracker.ts'
import type { DoubtSpan, FunctionSpan, View } from './spans.ts'
import { ORIGINAL } from './stack.ts'
import { TaskSwitches, unseenSwitch } from './task-switches.ts'

/** What a call of a function ran, from when to when. `toNs` null: it still does. */
export interface Run {
  readonly fromNs: bigint
  readonly toNs: bigint | null
  /** `object:name,sympos`. */
  readonly function: string
  /** `original`, or the patch whose version it is. */
  readonly version: string
  readonly patch: string | null
  /** The program that a call reached. */
  readonly hook: string | null
  /** Whose calls: everybody's, or in a transition only those that had, or had not, switched. */
  readonly tasks: 'all' | 'switched' | 'unswitched'
  /** Why this is not sure; null when it is. */
  readonly unsure: string | null
}

/**
 * What a task, or any task, ran for a function over time (ftrace handler's choice, call by call). With a task
 * each moment has one row; without one a transition has two, one for either side of it.
 */
export async function runsOf(
  log: ReadModelSource,
  stream: string,
  functionName: string,
  pid: number | null,
  range: TimeRange = {}
): Promise<Run[]> {
  const keys = (await spanSubjects(log, stream, 'function')).filter((key) => isNamed(key, functionName))
  const switches = await TaskSwitches.open(log, stream, {})
  const doubts = await readSpans(log, stream, 'doubt')
  const runs: Run[] = []
  for (const key of keys) {
    const spans = await readSpans(log, stream, 'function', { subject: key })
    runs.push(...clip(merge(await runsOfKey(key, spans, pid, switches, doubts)), range))
  }
  return runs
}

/** The function keys that a user's name may mean: `name`, `object:name`, or the whole key. */
export function isNamed(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name},`) || key.slice(key.indexOf(':') + 1).startsWith(`${name},`)
}

async function runsOfKey(
  key: string,
  spans: readonly Span<FunctionSpan>[],
  pid: number | null,
  switches: TaskSwitches,
  doubts: readonly Span<DoubtSpan>[]
): Promise<Run[]> {
  const runs: Run[] = []
  let lastNs: bigint | null = 0n
  for (const span of spans) {
    if (lastNs !== null && lastNs < span.fromNs) runs.push(...unpatched(key, lastNs, span.fromNs, doubts))
    runs.push(...(await runsOfSpan(key, span, pid, switches)))
    lastNs = span.toNs
  }
  if (lastNs !== null) runs.push(...unpatched(key, lastNs, null, doubts))
  return runs
}

const original: View = { version: ORIGINAL, hook: null }

/** While nothing says that the function is patched it runs as it is; where evidence is missing it may not. */
function unpatched(
  key: string,
  fromNs: bigint,
  toNs: bigint | null,
  doubts: readonly Span<DoubtSpan>[]
): Run[] {
  const runs: Run[] = []
  let at = fromNs
  for (const doubt of doubts) {
    if (!doubt.value.about.includes('patches')) continue
    if ((toNs !== null && doubt.fromNs >= toNs) || (doubt.toNs !== null && doubt.toNs <= at)) continue
    const begin = later(doubt.fromNs, at)
    const end = doubt.toNs === null || (toNs !== null && toNs < doubt.toNs) ? toNs : doubt.toNs
    runs.push(run(key, original, at, begin, 'all', null))
    runs.push(run(key, original, begin, end, 'all', doubt.value.reason))
    if (end === null) return runs
    at = end
  }
  return [...runs, run(key, original, at, toNs, 'all', null)]
}

async function runsOfSpan(
  key: string,
  { value, fromNs, toNs, fromPosition }: Span<FunctionSpan>,
  pid: number | null,
  switches: TaskSwitches
): Promise<Run[]> {
  const { switched, unswitched, unsure } = value
  const phase = value.goal === null ? undefined : switches.phaseAt(fromPosition)
  if (phase === undefined) return [run(key, switched, fromNs, toNs, 'all', unsure)]
  if (pid === null) {
    const firstNs = switches.firstNs(phase)
    const runs = [run(key, unswitched, fromNs, toNs, 'unswitched', unsure)]
    if (firstNs !== null && (toNs === null || firstNs < toNs)) {
      runs.push(run(key, switched, later(firstNs, fromNs), toNs, 'switched', unsure))
    }
    return runs
  }
  const { atNs, assumed } = await switches.of(phase, pid)
  const doubt = unsure ?? (assumed ? unseenSwitch : null)
  if (atNs === null || (toNs !== null && atNs >= toNs))
    return [run(key, unswitched, fromNs, toNs, 'all', doubt)]
  if (atNs <= fromNs) return [run(key, switched, fromNs, toNs, 'all', doubt)]
  return [run(key, unswitched, fromNs, atNs, 'all', doubt), run(key, switched, atNs, toNs, 'all', doubt)]
}

function run(
  key: string,
  view: View,
  fromNs: bigint,
  toNs: bigint | null,
  tasks: Run['tasks'],
  unsure: string | null
): Run {
  const patch = view.version === ORIGINAL ? null : view.version
  return { fromNs, toNs, function: key, version: view.version, patch, hook: view.hook, tasks, unsure }
}

/** Neighbours that say the same become one. */
function merge(runs: readonly Run[]): Run[] {
  const merged: Run[] = []
  for (const next of runs) {
    if (next.toNs !== null && next.toNs <= next.fromNs) continue
    const at = merged.findLastIndex((one) => one.tasks === next.tasks && one.toNs === next.fromNs)
    const before = merged[at]
    const same =
      before?.version === next.version && before.hook === next.hook && before.unsure === next.unsure
    if (before !== undefined && same) merged[at] = { ...before, toNs: next.toNs }
    else merged.push(next)
  }
  return merged
}

function clip(runs: readonly Run[], { sinceNs, untilNs }: TimeRange): Run[] {
  return runs.filter(
    (one) =>
      (untilNs === undefined || one.fromNs <= untilNs) &&
      (sinceNs === undefined || one.toNs === null || one.toNs > sinceNs)
  )
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
