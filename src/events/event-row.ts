import { type EventRow, flagInferred, flagLatin1, isWellFormed } from './canonical.ts'
import type { Fact } from './catalogue.ts'
import { InvalidEventError, StoreError } from './errors.ts'
import type { Evidence, NewEvent, StoredEvent } from './event.ts'
import { compileGuard, type Guard } from './guard.ts'
import type { Upcasters } from './upcasters.ts'

/** Finds what does not fit in a new event; null when all does. */
export type EventGuard = (event: NewEvent) => string | null

/** Compiles the guards of a catalogue into one for whole events. */
export function compileEventGuard(types: Upcasters): EventGuard {
  const guards = new Map<string, Guard>()
  for (const [type, { data }] of Object.entries(types.catalogue)) guards.set(type, compileGuard(data, 'data'))
  return (event) => {
    const guard = guards.get(event.type)
    if (guard === undefined) return `type: ${JSON.stringify(event.type)} is not in the catalogue`
    return envelopeMisfit(event) ?? guard(event.data)
  }
}

const idPattern = /^[0-9a-f]{32}$/

function envelopeMisfit({ id, uptimeNs, wallNs, evidence }: NewEvent): string | null {
  if (typeof id !== 'string' || !idPattern.test(id)) return 'id: expected 32 lower-case hex digits'
  if (!isInt64(uptimeNs)) return 'uptimeNs: expected a bigint of 64 bits'
  if (wallNs !== null && !isInt64(wallNs)) return 'wallNs: expected a bigint of 64 bits or null'
  if (typeof evidence !== 'object' || evidence === null) return 'evidence: is missing'
  if (!Number.isSafeInteger(evidence.line)) return 'evidence.line: expected an integer'
  if (!isName(evidence.source)) return 'evidence.source: expected well-formed text that is not empty'
  if (!isText(evidence.raw))
    return 'evidence.raw: expected well-formed text (bytes that are no UTF-8 go in as latin1)'
  return null
}

/** True for a text that is stored as it is. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && isWellFormed(value)
}

/** True for a text that can be interned: the empty one stands for a name that the database has lost. */
export function isName(value: unknown): value is string {
  return isText(value) && value !== ''
}

function isInt64(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
}

/** The row that an event becomes at its place. Throws InvalidEventError; `index` is its place in the append. */
export function toRow(
  event: NewEvent,
  place: { readonly stream: string; readonly position: number; readonly revision: number },
  version: number
): EventRow {
  const { evidence } = event
  return {
    position: place.position,
    stream: place.stream,
    revision: place.revision,
    id: event.id,
    type: event.type,
    version,
    uptimeNs: event.uptimeNs,
    wallNs: event.wallNs,
    pid: pidOf(event),
    flags: flagsOf(evidence),
    data: JSON.stringify(event.data),
    source: evidence.source,
    line: evidence.line,
    raw: evidence.raw
  }
}

/** The flag bits of a piece of evidence. */
export function flagsOf(evidence: { readonly inferred?: boolean; readonly latin1?: boolean }): number {
  return (evidence.inferred === true ? flagInferred : 0) | (evidence.latin1 === true ? flagLatin1 : 0)
}

/** The thread that an event is about or by whom: what `ReadQuery.pid` asks for. */
function pidOf(event: Fact): number | null {
  if (event.type === 'task.switched' || event.type === 'task.blocked') return event.data.pid
  return 'actor' in event.data ? (event.data.actor?.pid ?? null) : null
}

/** Throws when an event does not fit. */
export function assertFits(guard: EventGuard, event: NewEvent, index: number): void {
  const reason = guard(event)
  if (reason !== null) throw new InvalidEventError(index, String(event.type), reason)
}

/** A stored event for readers: its data, and its version, as the present catalogue has them. */
export function toStoredEvent(row: EventRow, upcasters: Upcasters): StoredEvent {
  const { type, flags, source, line, raw } = row
  const evidence: { -readonly [K in keyof Evidence]: Evidence[K] } = { source, line, raw }
  if ((flags & flagLatin1) !== 0) evidence.latin1 = true
  if ((flags & flagInferred) !== 0) evidence.inferred = true
  // Written out, not spread: this runs for every event that is read.
  return {
    type,
    data: upcasters.upcast(type, row.version, parseData(row)),
    id: row.id,
    uptimeNs: row.uptimeNs,
    wallNs: row.wallNs,
    evidence,
    position: row.position,
    stream: row.stream,
    revision: row.revision,
    version: upcasters.version(type)
  } as StoredEvent
}

function parseData(row: EventRow): unknown {
  try {
    return JSON.parse(row.data)
  } catch (cause) {
    throw corruptData(`event ${row.position}`, cause)
  }
}

/** Stored data that is no JSON any more. */
export function corruptData(where: string, cause: unknown): StoreError {
  return new StoreError(
    'corrupt',
    `${where}: its data is not JSON`,
    'Run `klplog verify` to find the damaged event, and restore the log from a backup.',
    { cause }
  )
}
