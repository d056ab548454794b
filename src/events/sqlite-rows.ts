import type { SelectQueryBuilder } from 'kysely'
import type { EventRow } from './canonical.ts'
import type { Names } from './sqlite-names.ts'
import type { LogTables } from './tables.ts'

/** The columns of an event in the order that decodeRow() reads and the insert binds. */
const columns = [
  'position',
  'stream_id',
  'revision',
  'id',
  'type',
  'version',
  'uptime_ns',
  'wall_ns',
  'pid',
  'flags',
  'data',
  'source_id',
  'line',
  'raw',
  'crc'
] as const

/** Selects all that an EventRow needs; the statement must be run with `raw()` and `safeIntegers()`. */
export function selectRows<O>(events: SelectQueryBuilder<LogTables, 'events', O>) {
  return events.select(columns)
}

/** Values for an insert that is compiled once and bound in the columns' order. */
export const insertPlaceholders = {
  position: 0,
  stream_id: 0,
  revision: 0,
  id: new Uint8Array(),
  type: '',
  version: 0,
  uptime_ns: 0n,
  wall_ns: 0n,
  pid: 0,
  flags: 0,
  data: '',
  source_id: 0,
  line: 0,
  raw: '',
  crc: 0
} satisfies Record<(typeof columns)[number], unknown>

/** What SQLite gives for one event: integers as bigint. */
export type RawRow = readonly [
  position: bigint,
  streamId: bigint,
  revision: bigint,
  id: Buffer,
  type: string,
  version: bigint,
  uptimeNs: bigint,
  wallNs: bigint | null,
  pid: bigint | null,
  flags: bigint,
  data: string,
  sourceId: bigint,
  line: bigint,
  raw: string,
  crc: bigint
]

/** A stored row with its names; a name that the database has lost becomes the empty text, which no name is. */
export function decodeRow(row: RawRow, streams: Names, sources: Names): EventRow {
  return {
    position: Number(row[0]),
    stream: streams.name(Number(row[1])) ?? '',
    revision: Number(row[2]),
    id: row[3].toString('hex'),
    type: row[4],
    version: Number(row[5]),
    uptimeNs: row[6],
    wallNs: row[7],
    pid: row[8] === null ? null : Number(row[8]),
    flags: Number(row[9]),
    data: row[10],
    source: sources.name(Number(row[11])) ?? '',
    line: Number(row[12]),
    raw: row[13]
  }
}
