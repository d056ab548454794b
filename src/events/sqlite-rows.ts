import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { EventRow } from './canonical.ts'
import { StoreError } from './errors.ts'
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

/**
 * Selects all that an EventRow needs; the statement must be run with `raw()`. Nanoseconds and ids come as
 * text: that costs less than making every integer of a row a bigint, and every id a Buffer.
 */
export function selectRows<O>(events: SelectQueryBuilder<LogTables, 'events', O>) {
  return events.select((row) => columns.map((column) => (isText(column) ? asText(row, column) : column)))
}

function isText(column: (typeof columns)[number]): column is 'id' | 'uptime_ns' | 'wall_ns' {
  return column === 'id' || column === 'uptime_ns' || column === 'wall_ns'
}

function asText(row: ExpressionBuilder<LogTables, 'events'>, column: 'id' | 'uptime_ns' | 'wall_ns') {
  if (column !== 'id') return row.cast<string>(column, 'text').as(column)
  return sql<string>`case typeof(id) when 'blob' then lower(hex(id)) end`.as('id')
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

/** What SQLite gives for one event. */
export type RawRow = readonly [
  position: number,
  streamId: number,
  revision: number,
  id: string,
  type: string,
  version: number,
  uptimeNs: string,
  wallNs: string | null,
  pid: number | null,
  flags: number,
  data: string,
  sourceId: number,
  line: number,
  raw: string,
  crc: number
]

/** What typeof says of each value of a RawRow; `?` may be null. */
const kinds =
  'number number number string string number string string? number? number string number number string number'
    .split(' ')
    .map((kind) => ({ type: kind.replace('?', ''), nullable: kind.endsWith('?') }))

/** The first column whose value has lost its type, as only damage to the file can bring about; null when none has. */
export function damagedColumn(row: RawRow): string | null {
  for (let index = 0; index < kinds.length; index++) {
    const { type, nullable } = kinds[index] as (typeof kinds)[number]
    const value = row[index]
    if (typeof value !== type && !(nullable && value === null)) return columns[index] as string
  }
  return null
}

/** A stored row with its names; a name that the database has lost becomes the empty text, which no name is. */
export function decodeRow(row: RawRow, streams: Names, sources: Names): EventRow {
  const damaged = damagedColumn(row)
  if (damaged !== null) throw corruptRow(row[0], damaged)
  return {
    position: row[0],
    stream: streams.name(row[1]) ?? '',
    revision: row[2],
    id: row[3],
    type: row[4],
    version: row[5],
    uptimeNs: BigInt(row[6]),
    wallNs: row[7] === null ? null : BigInt(row[7]),
    pid: row[8],
    flags: row[9],
    data: row[10],
    source: sources.name(row[11]) ?? '',
    line: row[12],
    raw: row[13]
  }
}

function corruptRow(position: number, column: string): StoreError {
  return new StoreError(
    'corrupt',
    `event ${position}: its ${column} has lost its type`,
    'Restore the log from a backup; `klplog verify` tells how far it is whole.'
  )
}
