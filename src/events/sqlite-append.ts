import type { Statement } from 'better-sqlite3'
import { sql } from 'kysely'
import { CommitDigest, canonical, checksum, type EventRow, genesisDigest } from './canonical.ts'
import { ExpectedRevisionError, InvalidEventError, StoreError } from './errors.ts'
import type { NewEvent } from './event.ts'
import { assertFits, compileEventGuard, type EventGuard, isName, toRow, toStoredEvent } from './event-row.ts'
import type { AppendResult, Commit, ExpectedRevision } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { Names } from './sqlite-names.ts'
import type { OpenFold, ReadModels } from './sqlite-read-models.ts'
import { insertPlaceholders } from './sqlite-rows.ts'
import { prepare } from './sqlite-statement.ts'
import type { Upcasters } from './upcasters.ts'

/** Where the log stands: its last commit. */
interface Head {
  readonly number: number
  readonly position: number
  readonly digest: string
}

/** The last commit, and the last revision of the stream that was asked for. */
type HeadRow = readonly [number: number, position: number, digest: string, revision: number | null]
const emptyLog: HeadRow = [0, 0, genesisDigest, null]

/** A commit while it is written. */
interface OpenCommit {
  readonly stream: string
  readonly streamId: number
  readonly head: Head
  /** The stream's revision before this commit. */
  readonly revision: number
  readonly digest: CommitDigest
  readonly fold: OpenFold
  appended: number
}

/** Writes commits: each append is one transaction with its events, its digest and its read models. */
export class Appender {
  readonly #connection: Connection
  readonly #types: Upcasters
  readonly #guard: EventGuard
  readonly #readModels: ReadModels
  readonly #streams: Names
  readonly #sources: Names
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(connection: Connection, types: Upcasters, readModels: ReadModels) {
    this.#connection = connection
    this.#types = types
    this.#guard = compileEventGuard(types)
    this.#readModels = readModels
    this.#streams = new Names(connection, 'streams')
    this.#sources = new Names(connection, 'sources')
    this.#statements = prepareStatements(connection)
  }

  /** See EventLog.append. */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    if (!isName(stream))
      throw new InvalidEventError(0, 'stream', 'its name must be well-formed text that is not empty')
    for (let index = 0; index < events.length; index++)
      assertFits(this.#guard, events[index] as NewEvent, index)
    return this.#inTransaction(() => this.#appendAll(stream, expected, events))
  }

  /**
   * Appends a commit of an exported log exactly as it was, older versions of events included.
   * @throws StoreError when the commit is not the one that follows this log's head
   */
  restore(commit: Commit, rows: readonly EventRow[]): void {
    for (const [index, row] of rows.entries()) assertFits(this.#guard, toStoredEvent(row, this.#types), index)
    this.#inTransaction(() => this.#restoreAll(commit, rows))
  }

  #appendAll(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    const commit = this.#open(stream, expected)
    for (const event of events) {
      const place = {
        stream,
        position: commit.head.position + commit.appended + 1,
        revision: commit.revision + commit.appended + 1
      }
      this.#insert(commit, toRow(event, place, this.#types.version(event.type) as number), event)
    }
    return {
      appended: commit.appended,
      skipped: events.length - commit.appended,
      revision: commit.revision + commit.appended,
      position: commit.head.position + commit.appended,
      digest: this.#close(commit)
    }
  }

  #restoreAll(expected: Commit, rows: readonly EventRow[]): AppendResult {
    const stream = rows[0]?.stream ?? ''
    const commit = this.#open(stream, 'any')
    for (const row of rows) {
      const follows =
        row.stream === stream &&
        row.position === commit.head.position + commit.appended + 1 &&
        row.revision === commit.revision + commit.appended + 1
      if (!follows || !this.#insert(commit, row, toStoredEvent(row, this.#types))) {
        throw notTheNext(`event ${row.position} of ${row.stream} does not follow`)
      }
    }
    const { appended, head, revision } = commit
    const digest = this.#close(commit)
    if (digest !== expected.digest || head.number + 1 !== expected.number) {
      throw notTheNext(`commit ${expected.number} has another digest than its events give here`)
    }
    return { appended, skipped: 0, revision: revision + appended, position: head.position + appended, digest }
  }

  #open(stream: string, expected: ExpectedRevision): OpenCommit {
    const known = this.#streams.find(stream)
    const [number, position, digest, last] =
      (this.#statements.head.get(known ?? null) as HeadRow | undefined) ?? emptyLog
    const revision = last ?? 0
    if (expected !== 'any' && revision !== (expected === 'no-stream' ? 0 : expected)) {
      throw new ExpectedRevisionError(stream, expected, revision)
    }
    const streamId = known ?? this.#streams.intern(stream)
    return {
      stream,
      streamId,
      head: { number, position, digest },
      revision,
      digest: new CommitDigest(digest),
      fold: this.#readModels.open(streamId, stream, revision),
      appended: 0
    }
  }

  /** Inserts unless the id is known; true when it was new. */
  #insert(commit: OpenCommit, row: EventRow, { type, data }: Pick<NewEvent, 'type' | 'data'>): boolean {
    const text = canonical(row)
    const { changes } = this.#statements.insertEvent.run(
      row.position,
      commit.streamId,
      row.revision,
      Buffer.from(row.id, 'hex'),
      row.type,
      row.version,
      row.uptimeNs,
      row.wallNs,
      row.pid,
      row.flags,
      row.data,
      this.#sources.intern(row.source),
      row.line,
      row.raw,
      checksum(text)
    )
    if (changes === 0) return false
    commit.digest.add(text)
    commit.appended++
    const { uptimeNs, position, revision } = row
    commit.fold.apply({ type, data, uptimeNs, position, revision } as Parameters<OpenFold['apply']>[0])
    return true
  }

  /** Writes the commit and what the read models want; gives its digest, or the head's when nothing was new. */
  #close(commit: OpenCommit): string {
    const { head, appended } = commit
    if (appended === 0) return head.digest
    commit.fold.flush(commit.revision + appended)
    const digest = commit.digest.hex()
    this.#statements.insertCommit.run(head.number + 1, head.position + 1, head.position + appended, digest)
    return digest
  }

  /** All or nothing; a body that appended nothing leaves nothing behind, not even a stream's name. */
  #inTransaction(body: () => AppendResult): AppendResult {
    const { begin, commit, rollback } = this.#statements
    begin.run()
    try {
      const result = body()
      if (result.appended > 0) commit.run()
      else this.#undo(rollback)
      return result
    } catch (error) {
      this.#readModels.forget()
      this.#undo(rollback)
      throw error
    }
  }

  #undo(rollback: Statement<unknown[], unknown>): void {
    this.#streams.forget()
    this.#sources.forget()
    // SQLite has rolled back by itself after some errors, a full disk among them.
    if (this.#connection.sqlite.inTransaction) rollback.run()
  }
}

function prepareStatements(connection: Connection) {
  const { sqlite, kysely } = connection
  return {
    begin: sqlite.prepare<unknown[], unknown>('begin immediate'),
    commit: sqlite.prepare<unknown[], unknown>('commit'),
    rollback: sqlite.prepare<unknown[], unknown>('rollback'),
    head: prepare(
      connection,
      kysely
        .selectFrom('commits')
        .select((builder) => [
          'number',
          'last_position',
          'digest',
          builder
            .selectFrom('events')
            .select('revision')
            .where('stream_id', '=', 0)
            .orderBy('revision', 'desc')
            .limit(sql.lit(1))
            .as('revision')
        ])
        .orderBy('number', 'desc')
        .limit(sql.lit(1))
    ).raw(),
    insertEvent: prepare(
      connection,
      kysely
        .insertInto('events')
        .values(insertPlaceholders)
        .onConflict((conflict) => conflict.column('id').doNothing())
    ),
    insertCommit: prepare(
      connection,
      kysely.insertInto('commits').values({ number: 0, first_position: 0, last_position: 0, digest: '' })
    )
  }
}

function notTheNext(what: string): StoreError {
  return new StoreError(
    'not-next',
    what,
    'Import into an empty log, or into the log that this one was exported from.'
  )
}
