import type { Statement } from 'better-sqlite3'
import { type RawBuilder, sql } from 'kysely'
import type { EventType } from './catalogue.ts'
import { corruptData } from './event-row.ts'
import type { RevisedEvent } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { prepare } from './sqlite-statement.ts'
import type { Upcasters } from './upcasters.ts'

const pageSize = 1000

/** Seven of eight events of a livepatched machine: a page tells the type only of the others. */
const commonType: EventType = 'task.switched'

/**
 * A page as SQLite joins it: texts of all events, `revision,"type",version` of those whose type does not go without
 * saying, and positions where they do not follow from the revisions.
 */
type JoinedPage = [data: string, uptimesNs: string, types: string, positions?: string]

/** The hot read: events of a stream in pages, only what a fold needs. */
export class History {
  readonly #connection: Connection
  readonly #types: Upcasters
  readonly #positionOf: Statement<unknown[], unknown>
  readonly #lastRevision: Statement<unknown[], unknown>
  readonly #common: readonly [type: string, version: number]
  readonly #pageByPosition: Statement<unknown[], unknown>
  readonly #pageByRevision: Statement<unknown[], unknown>

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
    this.#common = [commonType, types.version(commonType) ?? 0]
    this.#pageByPosition = this.#preparePage('position')
    this.#pageByRevision = this.#preparePage('revision')
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
    const offset = this.positionOf(streamId, after + 1) - (after + 1)
    // Where no other stream's events lie between, a revision tells the position.
    const alone = this.positionOf(streamId, upTo) === upTo + offset
    const statement = alone ? this.#pageByPosition : this.#pageByRevision
    const shift = alone ? offset : 0
    for (let low = after; low < upTo; low += pageSize) {
      const high = Math.min(low + pageSize, upTo)
      const joined = statement.get(...this.#common, streamId, low + shift, high + shift) as JoinedPage
      const page = this.#decode(joined, low, offset)
      if (page.length !== high - low) throw this.#corrupt(low)
      yield page
    }
  }

  /**
   * SQLite joins what a page needs into few texts that are parsed at once, which costs a third of reading row
   * by row. Rows come in the order of the key that it searches by; a subquery that sorts would copy each.
   */
  #preparePage(key: 'position' | 'revision'): Statement<unknown[], unknown> {
    return prepare(
      this.#connection,
      this.#connection.kysely
        .selectFrom('events')
        .select([
          jsonArray(sql`data`).as('data'),
          jsonArray(sql`uptime_ns`).as('uptimes'),
          jsonArray(
            sql`revision || ',"' || type || '",' || version`,
            sql`filter (where type <> ${0} or version <> ${0})`
          ).as('types')
        ])
        .$if(key === 'revision', (page) => page.select(jsonArray(sql`position`).as('positions')))
        // The plus keeps SQLite from another index than the key's.
        .where(key === 'position' ? sql`+stream_id` : sql.ref('stream_id'), '=', 0)
        .where(key, '>', 0)
        .where(key, '<=', 0)
    ).raw()
  }

  #decode([data, uptimesNs, types, positions]: JoinedPage, after: number, offset: number) {
    const facts = this.#parse(data, after) as unknown[]
    const uptimeOf = this.#parse(uptimesNs, after) as number[]
    let digitsOf: string[] | undefined
    const others = this.#parse(types, after) as (number | string)[]
    const positionOf = positions === undefined ? undefined : (this.#parse(positions, after) as number[])
    const page = new Array<RevisedEvent>(facts.length)
    let other = 0
    for (let index = 0; index < facts.length; index++) {
      const revision = after + index + 1
      const position = positionOf === undefined ? revision + offset : (positionOf[index] as number)
      let type: string = commonType
      let fact = facts[index]
      if (others[other] === revision) {
        type = others[other + 1] as string
        fact = this.#types.upcast(type, others[other + 2] as number, fact)
        other += 3
      }
      let uptimeNs = int64(uptimeOf[index] as number)
      if (uptimeNs === null) {
        digitsOf ??= this.#digits(uptimesNs, after)
        uptimeNs = BigInt(digitsOf[index] as string)
      }
      page[index] = { type, data: fact, uptimeNs, position, revision } as RevisedEvent
    }
    if (other !== others.length || uptimeOf.length !== facts.length) throw this.#corrupt(after)
    return page
  }

  /** A JSON array's integers as they are written. */
  #digits(array: string, revision: number): string[] {
    const digits = array.slice(1, -1).split(',')
    if (digits.every((text) => /^-?\d+$/.test(text))) return digits
    throw this.#corrupt(revision)
  }

  #parse(array: string, revision: number): unknown {
    try {
      return JSON.parse(array)
    } catch (cause) {
      throw this.#corrupt(revision, cause)
    }
  }

  #corrupt(revision: number, cause?: unknown): Error {
    return corruptData(
      `${this.#connection.path}, within ${pageSize} events behind revision ${revision}`,
      cause
    )
  }
}

/** The values of a page's rows, or of some of them, as one JSON array. */
function jsonArray(value: RawBuilder<unknown>, filter = sql``) {
  return sql<string>`'[' || ifnull(group_concat(${value}) ${filter}, '') || ']'`
}

const halves = new DataView(new ArrayBuffer(8))

/**
 * By its two halves: BigInt() of a number takes twice as long. Null where a double may not have held it, as of
 * nanoseconds beyond 104 days.
 */
function int64(number: number): bigint | null {
  if (!Number.isSafeInteger(number)) return null
  halves.setInt32(0, Math.floor(number / 2 ** 32))
  halves.setInt32(4, number)
  return halves.getBigInt64(0)
}
