import { z } from 'zod'
import type { EventRow } from './canonical.ts'
import { int, int64Text } from './catalogue/shapes.ts'
import { compileGuard, type Guard } from './guard.ts'
import type { Commit, RejectedEvidence } from './log.ts'

/** Version of the file format. */
export const formatVersion = 1

/** The first line says what the file is and how new, the last one that nothing was cut off. */
export interface Totals {
  readonly commits: number
  readonly events: number
  readonly rejected: number
  /** Digest of the last commit. */
  readonly head: string
}

/** A line of an exported log, read. */
export type TransferLine =
  | { readonly kind: 'header'; readonly format: number }
  | { readonly kind: 'event'; readonly row: EventRow }
  | { readonly kind: 'commit'; readonly commit: Commit }
  | { readonly kind: 'rejected'; readonly evidence: RejectedEvidence }
  | { readonly kind: 'end'; readonly totals: Totals }

export function headerLine(): string {
  return JSON.stringify({ klplog: formatVersion })
}

/** All fields of a row; 64-bit integers as text. The data is spliced in as it is stored. */
export function eventLine({ data, uptimeNs, wallNs, ...row }: EventRow): string {
  const times = { uptimeNs: String(uptimeNs), wallNs: wallNs === null ? null : String(wallNs) }
  return `${JSON.stringify({ ...row, ...times }).slice(0, -1)},"data":${data}}`
}

export function commitLine({ number, ...commit }: Commit): string {
  return JSON.stringify({ commit: number, ...commit })
}

export function rejectedLine({
  reason,
  stream,
  source,
  line,
  raw,
  latin1 = false
}: RejectedEvidence): string {
  return JSON.stringify({ rejected: reason, stream, source, line, raw, latin1 })
}

export function endLine(totals: Totals): string {
  return JSON.stringify({ end: totals })
}

const eventGuard = compileGuard(
  z.strictObject({
    position: int,
    stream: z.string(),
    revision: int,
    id: z.string(),
    type: z.string(),
    version: int,
    pid: int.nullable(),
    flags: int,
    source: z.string(),
    line: int,
    raw: z.string(),
    uptimeNs: int64Text,
    wallNs: int64Text.nullable()
  }),
  'the event'
)
const commitGuard = compileGuard(
  z.strictObject({ commit: int, firstPosition: int, lastPosition: int, digest: z.string() }),
  'the commit'
)
const rejectedGuard = compileGuard(
  z.strictObject({
    rejected: z.string(),
    stream: z.string().nullable(),
    source: z.string(),
    line: int,
    raw: z.string(),
    latin1: z.boolean()
  }),
  'the rejected evidence'
)
const totalsGuard = compileGuard(
  z.strictObject({ commits: int, events: int, rejected: int, head: z.string() }),
  'the end'
)

/** Reads a line; throws SyntaxError that says what is wrong with it. */
export function parseLine(text: string): TransferLine {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new SyntaxError('expected an object')
  if ('position' in value) return { kind: 'event', row: toRow(value as EventLine) }
  if ('commit' in value) {
    const { commit: number, ...commit } = checked<Omit<Commit, 'number'> & { commit: number }>(
      commitGuard,
      value
    )
    return { kind: 'commit', commit: { number, ...commit } }
  }
  if ('rejected' in value) {
    type Line = Omit<RejectedEvidence, 'reason'> & { rejected: string; latin1: boolean }
    const { rejected: reason, latin1, ...evidence } = checked<Line>(rejectedGuard, value)
    return { kind: 'rejected', evidence: { ...evidence, reason, ...(latin1 && { latin1 }) } }
  }
  if ('end' in value) return { kind: 'end', totals: checked<Totals>(totalsGuard, value.end) }
  if ('klplog' in value && typeof value.klplog === 'number') return { kind: 'header', format: value.klplog }
  throw new SyntaxError('neither an event nor a commit, nor rejected evidence')
}

interface EventLine extends Omit<EventRow, 'uptimeNs' | 'wallNs' | 'data'> {
  readonly uptimeNs: string
  readonly wallNs: string | null
  readonly data: unknown
}

function toRow({ data, ...line }: EventLine): EventRow {
  const row = checked<Omit<EventLine, 'data'>>(eventGuard, line)
  if (typeof data !== 'object' || data === null) throw new SyntaxError('the event has no data')
  return {
    ...row,
    uptimeNs: toBigInt(row.uptimeNs),
    wallNs: row.wallNs === null ? null : toBigInt(row.wallNs),
    data: JSON.stringify(data)
  }
}

function checked<T>(guard: Guard, value: unknown): T {
  const misfit = guard(value)
  if (misfit !== null) throw new SyntaxError(misfit)
  return value as T
}

function toBigInt(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) throw new SyntaxError(`${JSON.stringify(text)} is no 64-bit integer`)
  return BigInt(text)
}
