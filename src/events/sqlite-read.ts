import type { Statement } from 'better-sqlite3'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { EventRow } from './canonical.ts'
import type { ReadQuery } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import type { History } from './sqlite-history.ts'
import { Names } from './sqlite-names.ts'
import { decodeRow, type RawRow, selectRows } from './sqlite-rows.ts'
import { prepare } from './sqlite-statement.ts'
import type { LogTables } from './tables.ts'

const pageSize = 1000

/** The column that a read walks along, and its bounds: behind `after` up to `upTo`. */
interface Walk {
  readonly key: 'position' | 'revision'
  readonly streamId: number | null
  readonly after: number
  readonly upTo: number
}

/** Reads whole events by any query. */
export class Reader {
  readonly #connection: Connection
  readonly #history: History
  readonly #streams: Names
  readonly #sources: Names
  readonly #head: Statement<unknown[], unknown>
  readonly #window: Statement<unknown[], unknown>

  constructor(connection: Connection, history: History) {
    this.#connection = connection
    this.#history = history
    this.#streams = new Names(connection, 'streams')
    this.#sources = new Names(connection, 'sources')
    const events = connection.kysely.selectFrom('events')
    this.#head = prepare(
      connection,
      events.select(({ fn }) => fn.max('position').as('head'))
    ).pluck()
    this.#window = prepare(
      connection,
      events
        .select(({ fn }) => [fn.min('position').as('first'), fn.max('position').as('last')])
        .where('stream_id', '=', 0)
        .where('uptime_ns', '>=', 0n)
        .where('uptime_ns', '<=', 0n)
    ).raw()
  }

  /** The log's last position; 0 when it is empty. */
  head(): number {
    return (this.#head.get() as number | null) ?? 0
  }

  /** Id of a stream that exists. */
  streamId(stream: string): number | undefined {
    return this.#streams.find(stream)
  }

  /** Rows that the query asks for, as they stood when the read began, a page at a time. */
  *pages(query: ReadQuery): Generator<EventRow[]> {
    const walk = this.#walk(query)
    if (walk === undefined) return
    const { after, upTo } = walk
    const { statement, values } = this.#select(query, walk)
    const backwards = query.backwards === true
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let [low, high] = [after, upTo]
    while (low < high && left > 0) {
      const limit = Math.min(pageSize, left)
      const rows = statement.all(...values, low, high, limit) as RawRow[]
      const page = rows.map((row) => decodeRow(row, this.#streams, this.#sources))
      const last = page.at(-1)
      if (last === undefined) return
      left -= page.length
      if (backwards) high = last[walk.key] - 1
      else low = last[walk.key]
      yield page
      if (page.length < limit) return
    }
  }

  /**
   * Along a stream its revisions are the order of its positions and have an index; a thread's events have one
   * by position. A window of time is first narrowed to the positions that it spans.
   */
  #walk(query: ReadQuery): Walk | undefined {
    const { stream, pid, after = 0 } = query
    const upTo = Math.min(query.upTo ?? Number.MAX_SAFE_INTEGER, this.head())
    if (stream === undefined) return { key: 'position', streamId: null, after, upTo }
    const streamId = this.streamId(stream)
    if (streamId === undefined) return undefined
    const [low, high] = this.#narrow(query, streamId, after, upTo)
    if (pid !== undefined) return { key: 'position', streamId, after: low, upTo: high }
    const revisionAt = (position: number) => this.#history.revisionAt(streamId, position)
    return { key: 'revision', streamId, after: revisionAt(low), upTo: revisionAt(high) }
  }

  #narrow(query: ReadQuery, streamId: number, after: number, upTo: number): [low: number, high: number] {
    const { sinceNs, untilNs } = query
    if (sinceNs === undefined && untilNs === undefined) return [after, upTo]
    const bounds = this.#window.get(streamId, sinceNs ?? minInt64, untilNs ?? maxInt64)
    const [first, last] = bounds as [number | null, number | null]
    if (first === null || last === null) return [0, 0]
    return [Math.max(after, first - 1), Math.min(upTo, last)]
  }

  #select(
    query: ReadQuery,
    { key, streamId }: Walk
  ): { statement: Statement<unknown[], unknown>; values: unknown[] } {
    const filters: [
      column: Parameters<typeof where>[1],
      operator: '=' | '>=' | '<=',
      value: number | bigint
    ][] = []
    if (streamId !== null) filters.push(['stream_id', '=', streamId])
    if (query.pid !== undefined) filters.push(['pid', '=', query.pid])
    // The plus keeps SQLite from walking along the times, which would sort every page anew.
    if (query.sinceNs !== undefined) filters.push(['+uptime_ns', '>=', query.sinceNs])
    if (query.untilNs !== undefined) filters.push(['+uptime_ns', '<=', query.untilNs])
    let select: SelectQueryBuilder<LogTables, 'events', unknown> = selectRows(
      this.#connection.kysely.selectFrom('events')
    )
    for (const [column, operator, value] of filters) select = where(select, column, operator, value)
    const types = query.types === undefined ? undefined : [...query.types]
    if (types !== undefined) select = select.where('type', 'in', types)
    const ordered = select
      .where(key, '>', 0)
      .where(key, '<=', 0)
      .orderBy(key, query.backwards === true ? 'desc' : 'asc')
      .limit(pageSize)
    return {
      statement: prepare(this.#connection, ordered).raw(),
      values: [...filters.map(([, , value]) => value), ...(types ?? [])]
    }
  }
}

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

function where<O>(
  select: SelectQueryBuilder<LogTables, 'events', O>,
  column: 'stream_id' | 'pid' | '+uptime_ns',
  operator: '=' | '>=' | '<=',
  value: number | bigint
): SelectQueryBuilder<LogTables, 'events', O> {
  return select.where(column === '+uptime_ns' ? sql`+uptime_ns` : sql.ref(column), operator, value)
}
