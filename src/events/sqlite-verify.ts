import { setImmediate } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { sql } from 'kysely'
import { CommitDigest, canonical, checksum, type EventRow, genesisDigest } from './canonical.ts'
import type { Commit, VerifyResult } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { Names } from './sqlite-names.ts'
import { damagedColumn, decodeRow, type RawRow, selectRows } from './sqlite-rows.ts'
import { prepare } from './sqlite-statement.ts'
import { Overview } from './sqlite-streams.ts'

const pageSize = 1000

type Fault = NonNullable<VerifyResult['fault']>

/** Walks events and commits side by side; what it has seen so far fits. */
class Verifier {
  readonly #commits: Iterator<Commit>
  readonly #revisions = new Map<string, number>()
  #commit: Commit | undefined
  #digest: CommitDigest | undefined
  position = 0
  head = genesisDigest
  commits = 0

  constructor(commits: Iterator<Commit>) {
    this.#commits = commits
  }

  /** Takes the next event; gives a fault when it, or its commit, does not fit. */
  event(row: EventRow, crc: number): Fault | null {
    const position = this.position + 1
    const fault = this.#begin(position) ?? this.#eventFault(row, crc, position)
    if (fault !== null) return fault
    this.position = position
    this.#revisions.set(row.stream, row.revision)
    return position === this.#commit?.lastPosition ? this.#end(this.#commit) : null
  }

  /** After the last event; gives a fault when something is missing. */
  end(): Fault | null {
    const position = this.position + 1
    if (this.#commit !== undefined) {
      return {
        position,
        reason: `the event is missing: commit ${this.#commit.number} reaches to ${this.#commit.lastPosition}`
      }
    }
    const commit = this.#commits.next()
    return commit.done === true
      ? null
      : { position, reason: `the events of commit ${commit.value.number} are missing` }
  }

  /** Opens the commit that begins at the position, unless one is open. */
  #begin(position: number): Fault | null {
    if (this.#commit !== undefined) return null
    const next = this.#commits.next()
    if (next.done === true) return { position, reason: 'the event belongs to no commit' }
    const { number, firstPosition, lastPosition } = next.value
    if (number !== this.commits + 1 || firstPosition !== position || lastPosition < position) {
      const range = `commit ${number} of events ${firstPosition} to ${lastPosition}`
      return { position, reason: `commit ${this.commits + 1} should begin here, the log has ${range}` }
    }
    this.#commit = next.value
    this.#digest = new CommitDigest(this.head)
    return null
  }

  #eventFault(row: EventRow, crc: number, position: number): Fault | null {
    if (row.position !== position)
      return { position, reason: `the event is missing, the next is ${row.position}` }
    const text = canonical(row)
    this.#digest?.add(text)
    if (checksum(text) !== crc) return { position, reason: 'the event does not fit its checksum' }
    const revision = (this.#revisions.get(row.stream) ?? 0) + 1
    if (row.revision === revision) return null
    return {
      position,
      reason: `the event has revision ${row.revision} of ${row.stream}, ${revision} is next`
    }
  }

  /** Closes the commit at its last event. */
  #end(commit: Commit): Fault | null {
    const digest = this.#digest?.hex()
    this.#commit = undefined
    if (digest !== commit.digest) {
      const { number, firstPosition, lastPosition } = commit
      const reason = `the digest of commit ${number} does not fit events ${firstPosition} to ${lastPosition}`
      return { position: firstPosition, reason }
    }
    this.head = commit.digest
    this.commits = commit.number
    return null
  }
}

/**
 * Recomputes every checksum and every digest of the log as it stood at the call, then has SQLite check the
 * file. Lets others have their turn between pages; what they append meanwhile is not looked at.
 */
export async function verifyLog(
  connection: Connection,
  onProgress?: (done: number, total: number) => void
): Promise<VerifyResult> {
  const { lastPosition, lastCommit } = bounds(connection)
  const verifier = new Verifier(commitsUpTo(connection, lastCommit))
  let fault: Fault | null
  try {
    fault =
      (await walk(connection, lastPosition, verifier, onProgress)) ?? verifier.end() ?? fileFault(connection)
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_CORRUPT')) throw error
    fault = { position: 0, reason: `the file is damaged behind event ${verifier.position}: ${error.message}` }
  }
  const { position: events, commits, head } = verifier
  return { ok: fault === null, events, commits, head, fault }
}

async function walk(
  connection: Connection,
  lastPosition: number,
  verifier: Verifier,
  onProgress?: (done: number, total: number) => void
): Promise<Fault | null> {
  const streams = new Names(connection, 'streams')
  const sources = new Names(connection, 'sources')
  for (const page of rowsUpTo(connection, lastPosition)) {
    for (const row of page) {
      const damaged = damagedColumn(row)
      if (damaged !== null) {
        return { position: verifier.position + 1, reason: `the event's ${damaged} has lost its type` }
      }
      const fault = verifier.event(decodeRow(row, streams, sources), row[14])
      if (fault !== null) return fault
    }
    onProgress?.(verifier.position, lastPosition)
    await setImmediate()
  }
  return null
}

/**
 * The chain covers the events; the indexes that lead to them are SQLite's to check. Without a damaged event
 * there is none to name: position 0.
 */
function fileFault({ sqlite }: Connection): Fault | null {
  const answer = sqlite.pragma('integrity_check(1)', { simple: true }) as string
  return answer === 'ok' ? null : { position: 0, reason: `the file is damaged beside the events: ${answer}` }
}

/** Where events and commits end, seen at one moment. */
function bounds({ sqlite }: Connection): { lastPosition: number; lastCommit: number } {
  const query =
    'select (select max(position) from events) as lastPosition, (select max(number) from commits) as lastCommit'
  const { lastPosition, lastCommit } = sqlite.prepare(query).get() as Record<string, number | null>
  return { lastPosition: lastPosition ?? 0, lastCommit: lastCommit ?? 0 }
}

function* commitsUpTo(connection: Connection, last: number): Generator<Commit> {
  const overview = new Overview(connection)
  for (let after = 0; after < last; ) {
    const page = overview.commits(after, pageSize)
    if (page.length === 0) return
    for (const commit of page) {
      if (commit.number > last) return
      after = commit.number
      yield commit
    }
  }
}

function* rowsUpTo(connection: Connection, last: number): Generator<RawRow[]> {
  const events = connection.kysely.selectFrom('events').where('position', '>', 0).where('position', '<=', 0)
  const statement = prepare(connection, selectRows(events).orderBy('position').limit(sql.lit(pageSize))).raw()
  for (let after = 0; ; ) {
    const page = statement.all(after, last) as RawRow[]
    if (page.length === 0) return
    after = page.at(-1)?.[0] ?? last
    yield page
  }
}
