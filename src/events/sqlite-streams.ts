import type { Statement } from 'better-sqlite3'
import { sql } from 'kysely'
import type { Commit, StreamInfo } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { prepare } from './sqlite-statement.ts'

type StreamRow = readonly [
  stream: string,
  revision: bigint,
  firstPosition: bigint,
  lastPosition: bigint,
  firstNs: bigint,
  lastNs: bigint,
  lastWallNs: bigint | null,
  rejected: bigint
]

/** Questions about the log as a whole: its streams, its commits, its places in time. */
export class Overview {
  readonly #connection: Connection
  readonly #streams: Statement<unknown[], unknown>
  readonly #commits: Statement<unknown[], unknown>
  readonly #positionAt: Statement<unknown[], unknown>

  constructor(connection: Connection) {
    this.#connection = connection
    const { kysely } = connection
    this.#streams = this.#prepareStreams()
    this.#commits = prepare(
      connection,
      kysely
        .selectFrom('commits')
        .select(['number', 'first_position as firstPosition', 'last_position as lastPosition', 'digest'])
        .where('number', '>', 0)
        .orderBy('number')
        .limit(0)
    )
    this.#positionAt = prepare(
      connection,
      kysely
        .selectFrom('events')
        .select('position')
        .where('stream_id', '=', 0)
        .where('uptime_ns', '<=', 0n)
        .orderBy('uptime_ns', 'desc')
        .orderBy('position', 'desc')
        .limit(sql.lit(1))
    ).pluck()
  }

  /** See EventLog.streams; in the order in which the log met them. */
  streams(): StreamInfo[] {
    const rows = this.#streams.all() as StreamRow[]
    return rows.map((row) => ({
      stream: row[0],
      revision: Number(row[1]),
      firstPosition: Number(row[2]),
      lastPosition: Number(row[3]),
      firstNs: row[4],
      lastNs: row[5],
      lastWallNs: row[6],
      rejected: Number(row[7])
    }))
  }

  /** See EventLog.commits. */
  commits(afterNumber: number, limit: number): Commit[] {
    return this.#commits.all(afterNumber, limit) as Commit[]
  }

  /** See EventLog.positionAt. */
  positionAt(streamId: number, uptimeNs: bigint): number {
    return (this.#positionAt.get(streamId, uptimeNs) as number | undefined) ?? 0
  }

  /** First and last event of each stream by its revisions; zeros where only rejected evidence names the stream. */
  #prepareStreams(): Statement<unknown[], unknown> {
    const { kysely } = this.#connection
    const revisions = kysely
      .selectFrom('events as event')
      .select(({ fn }) => fn.max('event.revision').as('last'))
      .where('event.stream_id', '=', sql.ref<number>('streams.id'))
    const rejected = kysely
      .selectFrom('rejected_evidence')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('rejected_evidence.stream_id', '=', sql.ref<number>('streams.id'))
    const query = kysely
      .selectFrom('streams')
      .leftJoin('events as first', (join) =>
        join.onRef('first.stream_id', '=', 'streams.id').on('first.revision', '=', sql.lit(1))
      )
      .leftJoin('events as last', (join) =>
        join.onRef('last.stream_id', '=', 'streams.id').on('last.revision', '=', revisions)
      )
      .select(({ fn }) => [
        'streams.name',
        fn.coalesce('last.revision', sql.lit(0)).as('revision'),
        fn.coalesce('first.position', sql.lit(0)).as('first_position'),
        fn.coalesce('last.position', sql.lit(0)).as('last_position'),
        fn.coalesce('first.uptime_ns', sql.lit(0)).as('first_ns'),
        fn.coalesce('last.uptime_ns', sql.lit(0)).as('last_ns'),
        'last.wall_ns',
        rejected.as('rejected')
      ])
      .orderBy('streams.id')
    return prepare(this.#connection, query).raw().safeIntegers()
  }
}
