import { type Kysely, sql } from 'kysely'
import type { ReadModelRow, RowQuery } from './log.ts'
import type { Connection } from './sqlite-connection.ts'

/** Rows of a read model's table. 64-bit columns come as bigint, as everywhere in the log. */
export function modelRows(connection: Connection, streamId: number, query: RowQuery): ReadModelRow[] {
  const table = tables(connection).selectFrom(query.table)
  const columns = query.distinct === undefined ? table.selectAll() : table.select(query.distinct).distinct()
  let rows = columns.where('stream_id', '=', streamId)
  for (const [column, value] of Object.entries(query.equals ?? {})) rows = rows.where(column, '=', value)
  const { at, sinceNs, untilNs } = query
  if (at !== undefined) {
    rows = rows.where('from_position', '<=', at)
    rows = rows.where((or) => or.or([or('to_position', 'is', null), or('to_position', '>', at)]))
  }
  if (untilNs !== undefined) rows = rows.where('from_ns', '<=', untilNs)
  if (sinceNs !== undefined) {
    rows = rows.where((or) => or.or([or('to_ns', 'is', null), or('to_ns', '>', sinceNs)]))
  }
  for (const column of query.orderBy) rows = rows.orderBy(column)
  const compiled = rows.compile()
  return connection.sqlite
    .prepare<unknown[], ReadModelRow>(compiled.sql)
    .safeIntegers()
    .all(...compiled.parameters)
}

/** The newest row of a snapshot table at or before a position. */
export function newestSnapshot(
  connection: Connection,
  table: string,
  streamId: number,
  position: number
): { position: number; state: string } | null {
  const compiled = tables(connection)
    .selectFrom(table)
    .select(['position', 'state'])
    .where('stream_id', '=', streamId)
    .where('position', '<=', position)
    .orderBy('revision', 'desc')
    .limit(sql.lit(1))
    .compile()
  const row = connection.sqlite
    .prepare<unknown[], { position: number; state: string }>(compiled.sql)
    .get(...compiled.parameters)
  return row ?? null
}

/** Read models' tables are known at run time only. */
function tables(connection: Connection): Kysely<Record<string, Record<string, unknown>>> {
  return connection.kysely as unknown as Kysely<Record<string, Record<string, unknown>>>
}
