import type { ReadModelSource } from '../events/index.ts'
import { readSpans, spanSubjects, type TimeRange } from './span-reader.ts'
import type { Span } from './span-tracker.ts'
import type { HookSpan } from './spans.ts'
import { TaskSwitches, unseenSwitch } from './task-switches.ts'

/** A stretch during which an attached program was not reached. `toNs` null: it still is not. */
export interface Gap {
  readonly program: string
  readonly function: string | null
  readonly fromNs: bigint
  readonly toNs: bigint | null
  /** The task that it is about; null: from the first task that lost the program to the last that has it back. */
  readonly task: number | null
  readonly reason: string
  /** The program that calls of the same function reached instead, and since when. */
  readonly takenOver: { readonly program: string; readonly atNs: bigint } | null
  readonly unsure: string | null
}

/** The gaps of every hook, over all tasks (`pid` null) or for one; oldest first. */
export async function gapsOf(
  log: ReadModelSource,
  stream: string,
  pid: number | null,
  range: TimeRange = {}
): Promise<Gap[]> {
  const spans: Span<HookSpan>[] = []
  for (const subject of await spanSubjects(log, stream, 'hook', range)) {
    spans.push(...(await readSpans(log, stream, 'hook', { subject })))
  }
  const switches = await TaskSwitches.open(log, stream, {})
  const gaps: Gap[] = []
  for (const lives of hookLives(spans)) {
    const parts: Part[] = []
    for (const span of lives) parts.push(...(await outage(span, pid, switches)))
    const functions = new Set(lives.flatMap((span) => span.value.functions))
    for (const part of joined(parts)) {
      const meanwhile = { sinceNs: part.fromNs, ...(part.toNs === null ? {} : { untilNs: part.toNs }) }
      const others = (await readSpans(log, stream, 'hook', meanwhile)).filter((span) => !isOneOf(span, lives))
      gaps.push({
        program: lives[0]?.value.program ?? '',
        function: lives[0]?.value.function ?? null,
        ...part,
        task: pid,
        takenOver: takeover(part, functions, others)
      })
    }
  }
  return gaps
    .filter(
      (gap) =>
        (range.untilNs === undefined || gap.fromNs <= range.untilNs) &&
        (range.sinceNs === undefined || gap.toNs === null || gap.toNs > range.sinceNs)
    )
    .sort((a, b) => (a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0))
}

interface Part {
  readonly fromNs: bigint
  readonly toNs: bigint | null
  readonly reason: string
  readonly unsure: string | null
}

function isOneOf(span: Span<HookSpan>, lives: readonly Span<HookSpan>[]): boolean {
  return lives.some((one) => one.subject === span.subject && one.fromPosition === span.fromPosition)
}

/** The spans of each attachment, from attach to detach. */
function hookLives(spans: readonly Span<HookSpan>[]): Span<HookSpan>[][] {
  const lives: Span<HookSpan>[][] = []
  for (const span of spans) {
    const life = lives.find((one) => {
      const last = one.at(-1)
      return last?.subject === span.subject && last.toPosition === span.fromPosition
    })
    if (life === undefined) lives.push([span])
    else life.push(span)
  }
  return lives
}

/** The part of a span in which the program was not reached: by the task, or by some task. */
async function outage(
  { value, fromNs, toNs, fromPosition }: Span<HookSpan>,
  pid: number | null,
  switches: TaskSwitches
): Promise<Part[]> {
  if (value.reach === 'all') return []
  const reason = value.reason ?? value.status
  const part = (from: bigint, to: bigint | null, why = value.unsure): Part[] =>
    to !== null && to <= from ? [] : [{ fromNs: from, toNs: to, reason, unsure: why }]
  const phase = value.reach === 'none' ? undefined : switches.phaseAt(fromPosition)
  if (phase === undefined) return part(fromNs, toNs)
  const { atNs: at, assumed } =
    pid === null ? { atNs: switches.firstNs(phase), assumed: false } : await switches.of(phase, pid)
  const unsure = value.unsure ?? (assumed ? unseenSwitch : null)
  if (value.reach === 'unswitched') return at === null ? [] : part(at > fromNs ? at : fromNs, toNs, unsure)
  // Tasks gain the program as they switch: for all of them the last one counts, which the span's end is.
  return part(fromNs, pid === null || at === null ? toNs : earlier(at, toNs), unsure)
}

/** Outages that follow one another without a break are one gap, with the reasons in their order. */
function joined(parts: readonly Part[]): Part[] {
  const gaps: Part[] = []
  for (const part of parts) {
    const last = gaps.at(-1)
    if (last?.toNs === null || last === undefined || last.toNs < part.fromNs) {
      gaps.push(part)
      continue
    }
    const reason = last.reason.endsWith(part.reason) ? last.reason : `${last.reason}; then ${part.reason}`
    gaps[gaps.length - 1] = { ...last, toNs: part.toNs, reason, unsure: last.unsure ?? part.unsure }
  }
  return gaps
}

/** The first other program that some call of these functions reached during the gap. */
function takeover(
  gap: Part,
  functions: ReadonlySet<string>,
  others: readonly Span<HookSpan>[]
): { program: string; atNs: bigint } | null {
  for (const { value, fromNs, toNs } of others) {
    // Who is left with the tasks that have not switched yet is on its way out, and takes over nothing.
    if (
      value.reach === 'none' ||
      value.reach === 'unswitched' ||
      !value.functions.some((key) => functions.has(key))
    )
      continue
    const atNs = fromNs > gap.fromNs ? fromNs : gap.fromNs
    const overlaps = (toNs === null || toNs > gap.fromNs) && (gap.toNs === null || atNs < gap.toNs)
    if (overlaps) return { program: value.program, atNs }
  }
  return null
}

function earlier(a: bigint, b: bigint | null): bigint {
  return b === null || a < b ? a : b
}
