import type { Statement } from 'better-sqlite3'
import { sql } from 'kysely'
import { corruptData } from './event-row.ts'
import type { RevisedEvent } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { prepare } from './sqlite-statement.ts'
import type { Upcasters } from './upcasters.ts'

const pageSize = 1000

/** A stream that fills less than this part of the positions it spans is read through its index. */
const denseFraction = 0.25

/** A page as SQLite joins it: all data, and `position,"type",version,uptime` of each event. */
type JoinedPage = [data: string | null, meta: string]

/** The hot read: events of a stream in pages, only what a fold needs. */
export class History {
  readonly #connection: Connection
  readonly #types: Upcasters
  readonly #positionOf: Statement<unknown[], unknown>
  readonly #lastRevision: Statement<unknown[], unknown>
  readonly #pages: Readonly<Record<'position' | 'revision', readonly [Statement, exact: Statement]>>

  constructor(connection: Connection, types: Upcasters) {
    this.#connection = connection
    this.#types = types
    const { kysely } = connection
    const ofStream = kysely.selectFrom('events').where('stream_id', '=', 0)
    this.#positionOf = prepare(connection, ofStream.select('position').where('revision', '=', 0)).pluck()
    this.#lastRevision = prepare(
      connection,
      ofStream.select('revision').orderBy('revision', 'desc').limit(sql.lit(1))
    ).pluck()
    this.#pages = {
      position: [this.#prepare('position', false), this.#prepare('position', true)],
      revision: [this.#prepare('revision', false), this.#prepare('revision', true)]
    }
  }

  /** Last revision of the stream; 0 when it has no events. */
  lastRevision(streamId: number): number {
    return (this.#lastRevision.get(streamId) as number | undefined) ?? 0
  }

  /** Position of a revision that exists. */
  positionOf(streamId: number, revision: number): number {
    return this.#positionOf.get(streamId, revision) as number
  }

  /** Revision of the stream's last event at or before the position; 0 when there is none. */
  revisionAt(streamId: number, position: number): number {
    let low = 0
    let high = this.lastRevision(streamId)
    if (high > 0 && this.positionOf(streamId, high) <= position) return high
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.positionOf(streamId, middle) <= position) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Events of revisions behind `after` up to `upTo`, in order. */
  *pages(streamId: number, after: number, upTo: number): Generator<RevisedEvent[]> {
    if (after >= upTo) return
    const first = this.positionOf(streamId, after + 1)
    const last = this.positionOf(streamId, upTo)
    const dense = upTo - after >= (last - first + 1) * denseFraction
    const [fast, exact] = this.#pages[dense ? 'position' : 'revision']
    let cursor = dense ? first - 1 : after
    let statement = fast
    for (let revision = after; revision < upTo; ) {
      const joined = statement.get(cursor, dense ? last : upTo, streamId) as JoinedPage
      const page = this.#decode(joined, revision, statement === exact)
      if (page === 'inexact') {
        statement = exact
        continue
      }
      revision += page.length
      cursor = dense ? (page.at(-1) as RevisedEvent).position : revision
      yield page
    }
  }

  /**
   * SQLite joins a page into two texts that are parsed at once: half as long as reading row by row. A time
   * comes as a number, or as text in the exact statement, since a double holds only 104 days of nanoseconds.
   */
  #prepare(key: 'position' | 'revision', exact: boolean): Statement<unknown[], unknown> {
    const { kysely } = this.#connection
    const page = kysely
      .selectFrom('events')
      .select(['position', 'type', 'version', 'uptime_ns', 'data'])
      .where(key, '>', 0)
      .where(key, '<=', 0)
      // The plus keeps SQLite from choosing another index than the key's order for positions.
      .where(key === 'position' ? sql`+stream_id` : sql.ref('stream_id'), '=', 0)
      .orderBy(key)
      .limit(sql.lit(pageSize))
      .as('page')
    const time = exact ? sql`'"' || uptime_ns || '"'` : sql.ref('uptime_ns')
    return prepare(
      this.#connection,
      kysely
        .selectFrom(page)
        .select([
          sql`group_concat(data)`.as('data'),
          sql`group_concat(position || ',"' || type || '",' || version || ',' || ${time})`.as('meta')
        ])
    ).raw()
  }

  #decode([data, meta]: JoinedPage, revision: number, exact: boolean): RevisedEvent[] | 'inexact' {
    const facts = this.#parse(data, revision) as unknown[]
    const metas = this.#parse(meta, revision) as (string | number)[]
    if (facts.length === 0 || facts.length * 4 !== metas.length) throw this.#corrupt(revision, undefined)
    const types = this.#types
    const page = new Array<RevisedEvent>(facts.length)
    for (let index = 0, at = 0; index < facts.length; index++, at += 4) {
      const uptime = metas[at + 3] as string | number
      if (!exact && !Number.isSafeInteger(uptime)) return 'inexact'
      const type = metas[at + 1] as string
      const version = metas[at + 2] as number
      page[index] = {
        type,
        data: types.version(type) === version ? facts[index] : types.upcast(type, version, facts[index]),
        uptimeNs: BigInt(uptime),
        position: metas[at] as number,
        revision: revision + index + 1
      } as RevisedEvent
    }
    return page
  }

  #parse(text: string | null, revision: number): unknown {
    try {
      return JSON.parse(`[${text ?? ''}]`)
    } catch (cause) {
      throw this.#corrupt(revision, cause)
    }
  }

  #corrupt(revision: number, cause: unknown): Error {
    return corruptData(
      `${this.#connection.path}, within ${pageSize} events behind revision ${revision}`,
      cause
    )
  }
}
