import Database from 'better-sqlite3'
import { Kysely, Migrator, SqliteDialect } from 'kysely'
import { migrations } from '../migrations/index.ts'
import type { NewEvent } from '../src/events/index.ts'

/** A checksum's and a digest's place in a row, so that the floor's rows are as long as the log's. */
const noChecksum = 0x7fff_ffff
const noDigest = '0'.repeat(64)

export interface FloorOptions {
  readonly path: string
  /** As the log's: waits for the disk at every transaction (the default). */
  readonly durable?: boolean
  /** Also writes a row into `commits` at each append, as the log has to; else nothing but events. */
  readonly commits?: boolean
}

/**
 * What no log in these tables can be faster than: prepared better-sqlite3 statements that write the same rows
 * into the same tables with the same indexes, triggers and durability, and do nothing else. No validation, no
 * checksum, no digest, no expected revision, no read models.
 */
export class Floor {
  readonly sqlite: Database.Database
  readonly #commits: boolean
  readonly #statements: ReturnType<typeof prepareStatements>
  #position = 0
  #commit = 0

  private constructor(sqlite: Database.Database, commits: boolean) {
    this.sqlite = sqlite
    this.#commits = commits
    this.#statements = prepareStatements(sqlite)
  }

  static async open({ path, durable = true, commits = true }: FloorOptions): Promise<Floor> {
    const sqlite = new Database(path)
    sqlite.pragma('journal_mode = wal')
    sqlite.pragma(`synchronous = ${durable ? 'full' : 'normal'}`)
    const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: sqlite }) })
    const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) throw new Error('the floor has no tables', { cause: error })
    sqlite.pragma('foreign_keys = on')
    sqlite.exec(
      `insert into streams (name) values ('bench/0'); insert into sources (name) values ('trace.txt')`
    )
    return new Floor(sqlite, commits)
  }

  /** One transaction. */
  append(events: readonly NewEvent[]): void {
    const { begin, commit, insertCommit } = this.#statements
    begin.run()
    const first = this.#position + 1
    for (const event of events) this.#insert(event)
    if (this.#commits) insertCommit.run(++this.#commit, first, this.#position, noDigest)
    commit.run()
  }

  close(): void {
    this.sqlite.close()
  }

  #insert({ id, type, uptimeNs, wallNs, data, evidence }: NewEvent): void {
    const position = ++this.#position
    this.#statements.insertEvent.run(
      position,
      1,
      position,
      Buffer.from(id, 'hex'),
      type,
      1,
      uptimeNs,
      wallNs,
      pidOf(data),
      0,
      JSON.stringify(data),
      1,
      evidence.line,
      evidence.raw,
      noChecksum
    )
  }
}

function pidOf(data: NewEvent['data']): number | null {
  if ('pid' in data) return data.pid
  return 'actor' in data ? (data.actor?.pid ?? null) : null
}

function prepareStatements(sqlite: Database.Database) {
  return {
    begin: sqlite.prepare<[]>('begin immediate'),
    commit: sqlite.prepare<[]>('commit'),
    insertEvent: sqlite.prepare<unknown[]>(
      `insert into events (position, stream_id, revision, id, type, version, uptime_ns, wall_ns, pid, flags,
        data, source_id, line, raw, crc) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    ),
    insertCommit: sqlite.prepare<unknown[]>(
      'insert into commits (number, first_position, last_position, digest) values (?, ?, ?, ?)'
    )
  }
}
