import type { ReadModelSource } from '../events/index.ts'
import type { Span, SpanKind } from './span-tracker.ts'
import type { DoubtSpan, FunctionSpan, HookSpan, PatchSpan, TransitionSpan } from './spans.ts'

interface Values {
  patch: PatchSpan
  function: FunctionSpan
  hook: HookSpan
  transition: TransitionSpan
  doubt: DoubtSpan
}

/** From when to when, by the stream's clock; an absent end is open. */
export interface TimeRange {
  readonly sinceNs?: bigint
  readonly untilNs?: bigint
}

/** What there are spans of, each subject once. */
export async function spanSubjects(
  log: ReadModelSource,
  stream: string,
  kind: SpanKind,
  range: TimeRange = {}
): Promise<string[]> {
  const query = {
    table: 'spans',
    stream,
    equals: { kind },
    ...range,
    distinct: 'subject',
    orderBy: ['subject']
  }
  return (await log.modelRows(query)).map((row) => String(row.subject))
}

/** Spans of a kind in a range, oldest first: an index look-up. */
export async function readSpans<K extends SpanKind>(
  log: ReadModelSource,
  stream: string,
  kind: K,
  range: TimeRange & { subject?: string; at?: number } = {}
): Promise<Span<Values[K]>[]> {
  const { subject, ...where } = range
  const rows = await log.modelRows({
    table: 'spans',
    stream,
    equals: subject === undefined ? { kind } : { kind, subject },
    ...where,
    orderBy: ['from_position', 'subject']
  })
  return rows.map((row) => ({
    kind,
    subject: String(row.subject),
    fromPosition: Number(row.from_position),
    toPosition: row.to_position === null ? null : Number(row.to_position),
    fromNs: BigInt(row.from_ns as bigint),
    toNs: row.to_ns === null ? null : BigInt(row.to_ns as bigint),
    value: JSON.parse(String(row.value)) as Values[K]
  }))
}
