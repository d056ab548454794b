import type { Kysely } from 'kysely'
import type { Observable } from 'rxjs'
import type { EventRow } from './canonical.ts'
import { StoreError } from './errors.ts'
import type { NewEvent, StoredEvent } from './event.ts'
import { toStoredEvent } from './event-row.ts'
import type {
  AppendResult,
  Commit,
  EventLog,
  ExpectedRevision,
  ReadModel,
  ReadModelRow,
  ReadModelSource,
  ReadQuery,
  RejectedEvidence,
  RevisedEvent,
  RowQuery,
  StreamInfo,
  VerifyResult
} from './log.ts'
import { Appender } from './sqlite-append.ts'
import { type Connection, type ConnectionOptions, openConnection } from './sqlite-connection.ts'
import { asOpenError, asStoreError } from './sqlite-errors.ts'
import { History } from './sqlite-history.ts'
import { modelRows, newestSnapshot } from './sqlite-model-rows.ts'
import { modelsOutdated } from './sqlite-model-versions.ts'
import { Reader } from './sqlite-read.ts'
import { ReadModels } from './sqlite-read-models.ts'
import { RejectedStore } from './sqlite-rejected.ts'
import { Overview } from './sqlite-streams.ts'
import { Changes, follow } from './sqlite-subscribe.ts'
import { verifyLog } from './sqlite-verify.ts'
import type { LogTables } from './tables.ts'
import { upcasters as ownUpcasters, type Upcasters } from './upcasters.ts'

export interface SqliteLogOptions extends ConnectionOptions {
  /** Kept in every append's transaction. A log must always be written with the same ones, or be rebuilt. */
  readonly readModels?: readonly ReadModel[]
  /** Told before rows of read models are made anew, because those that are there are of an older version. */
  readonly onOutdated?: (events: number) => Promise<void>
  readonly upcasters?: Upcasters
  /** How often to look for what other processes have written, while there are subscribers. */
  readonly pollMs?: number
}

/**
 * Opens, and where needed makes or migrates, a log in an SQLite file.
 * @throws StoreError
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<SqliteLog> {
  const connection = await openConnection(options)
  try {
    const log = new SqliteLog(connection, options)
    await log.renewReadModels(options.onOutdated)
    return log
  } catch (error) {
    connection.sqlite.close()
    throw asOpenError(error, options.path)
  }
}

/** An event log in an SQLite file. */
export class SqliteLog implements EventLog, ReadModelSource {
  readonly #connection: Connection
  readonly #types: Upcasters
  readonly #history: History
  readonly #reader: Reader
  readonly #overview: Overview
  readonly #readModels: ReadModels
  readonly #appender: Appender
  readonly #rejected: RejectedStore
  readonly #changes: Changes

  constructor(connection: Connection, options: Omit<SqliteLogOptions, keyof ConnectionOptions>) {
    const { readModels = [], upcasters = ownUpcasters, pollMs = 100 } = options
    this.#connection = connection
    this.#types = upcasters
    this.#history = new History(connection, upcasters)
    this.#reader = new Reader(connection, this.#history)
    this.#overview = new Overview(connection)
    this.#readModels = new ReadModels(connection, readModels, this.#history)
    this.#appender = new Appender(connection, upcasters, this.#readModels)
    this.#rejected = new RejectedStore(connection)
    this.#changes = new Changes(
      () => this.#run(() => connection.sqlite.pragma('data_version', { simple: true })),
      pollMs
    )
  }

  /** The tables through Kysely: for queries on read models. Transactions are the log's own. */
  get kysely(): Kysely<LogTables> {
    return this.#connection.kysely
  }

  /** What a stream's rows carry as `stream_id`; undefined when the log has no such stream. */
  streamId(stream: string): number | undefined {
    return this.#run(() => this.#reader.streamId(stream))
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[]
  ): Promise<AppendResult> {
    const result = this.#write(() => this.#appender.append(stream, expected, events))
    if (result.appended > 0) this.#changes.announce()
    return result
  }

  async reject(evidence: readonly RejectedEvidence[]): Promise<number> {
    return this.#write(() => this.#rejected.reject(evidence))
  }

  async rejected(query: { stream?: string; limit?: number; afterId?: number }) {
    return this.#run(() => this.#rejected.page(query))
  }

  async *read(query: ReadQuery): AsyncGenerator<readonly StoredEvent[]> {
    for (const page of this.#each(() => this.#reader.pages(query))) {
      yield page.map((row) => toStoredEvent(row, this.#types))
    }
  }

  *history(stream: string, after: number, upTo: number): Generator<readonly RevisedEvent[]> {
    yield* this.#each(() => this.#historyPages(stream, after, upTo))
  }

  subscribe(query: Pick<ReadQuery, 'stream' | 'after' | 'types'>): Observable<readonly StoredEvent[]> {
    return follow(
      { changes: this.#changes.all, head: () => this.#run(() => this.#reader.head()) },
      query,
      (bounds) => this.read({ ...query, ...bounds })
    )
  }

  async streams(): Promise<readonly StreamInfo[]> {
    return this.#run(() => this.#overview.streams())
  }

  async commits(afterNumber: number, limit: number): Promise<readonly Commit[]> {
    return this.#run(() => this.#overview.commits(afterNumber, limit))
  }

  async *rows(after: number, upTo: number): AsyncGenerator<readonly EventRow[]> {
    yield* this.#each(() => this.#reader.pages({ after, upTo }))
  }

  async restore(commit: Commit, rows: readonly EventRow[]): Promise<void> {
    this.#write(() => this.#appender.restore(commit, rows))
    this.#changes.announce()
  }

  async positionAt(stream: string, uptimeNs: bigint): Promise<number> {
    return this.#run(() => {
      const streamId = this.#reader.streamId(stream)
      return streamId === undefined ? 0 : this.#overview.positionAt(streamId, uptimeNs)
    })
  }

  async modelRows(query: RowQuery): Promise<readonly ReadModelRow[]> {
    return this.#run(() => {
      const streamId = this.#reader.streamId(query.stream)
      return streamId === undefined ? [] : modelRows(this.#connection, streamId, query)
    })
  }

  async snapshotBefore(table: string, stream: string, position: number) {
    return this.#run(() => {
      const streamId = this.#reader.streamId(stream)
      return streamId === undefined ? null : newestSnapshot(this.#connection, table, streamId, position)
    })
  }

  async verify(onProgress?: (done: number, total: number) => void): Promise<VerifyResult> {
    try {
      return await this.#run(() => verifyLog(this.#connection, onProgress))
    } catch (error) {
      this.#assertOpen()
      throw asStoreError(error, this.#connection.path)
    }
  }

  async rebuild(onProgress?: (done: number, total: number) => void): Promise<{ readonly events: number }> {
    return this.#write(() => this.#rebuild(onProgress))
  }

  /** Rows of an older version give way to new ones; where nothing may be written, they are refused. */
  async renewReadModels(onOutdated?: (events: number) => Promise<void>): Promise<void> {
    const outdated = this.#run(() => this.#readModels.outdated())
    if (outdated.length === 0) return
    const { readOnly, path } = this.#connection
    if (readOnly) throw modelsOutdated(path, outdated)
    const events = this.#run(() => this.#reader.head())
    if (events > 0) await onOutdated?.(events)
    await this.rebuild()
  }

  async close(): Promise<void> {
    this.#changes.end()
    this.#connection.sqlite.close()
  }

  *#historyPages(stream: string, after: number, upTo: number): Generator<RevisedEvent[]> {
    const streamId = this.#reader.streamId(stream)
    if (streamId === undefined) return
    const history = this.#history
    yield* history.pages(streamId, history.revisionAt(streamId, after), history.revisionAt(streamId, upTo))
  }

  /** In one transaction, so that no reader sees half of it; nothing else runs meanwhile. */
  #rebuild(onProgress?: (done: number, total: number) => void): { readonly events: number } {
    const { sqlite } = this.#connection
    return sqlite
      .transaction(() => {
        const streams = sqlite.prepare('select id, name from streams order by id').all()
        const total = this.#reader.head()
        let events = 0
        this.#readModels.rebuild(streams as { id: number; name: string }[], (count) => {
          events += count
          onProgress?.(events, total)
        })
        return { events }
      })
      .immediate()
  }

  /** Runs a synchronous piece of work; SQLite's errors become StoreErrors. */
  #run<T>(body: () => T): T {
    this.#assertOpen()
    try {
      return body()
    } catch (error) {
      throw asStoreError(error, this.#connection.path)
    }
  }

  #assertOpen(): void {
    const { sqlite, path } = this.#connection
    if (!sqlite.open) throw new StoreError('closed', `${path} has been closed`, 'Open the log again.')
  }

  #write<T>(body: () => T): T {
    const { readOnly, path } = this.#connection
    if (readOnly) throw new StoreError('read-only', `${path} was opened read-only`, 'Open it for writing.')
    return this.#run(body)
  }

  /** Steps through a generator, each step guarded as in #run(). */
  *#each<T>(open: () => Iterator<T>): Generator<T> {
    const pages = this.#run(open)
    for (;;) {
      const step = this.#run(() => pages.next())
      if (step.done === true) return
      yield step.value
    }
  }
}
