import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { Kysely, type Migration, SqliteDialect } from 'kysely'
import { migrations as allMigrations } from '../../migrations/index.ts'
import { StoreError } from './errors.ts'
import { retryWhileBusy } from './sqlite-busy.ts'
import { asOpenError, withStoreErrors } from './sqlite-errors.ts'
import { assertCurrentSchema, migrate } from './sqlite-migrate.ts'
import type { LogTables } from './tables.ts'

export interface ConnectionOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** Neither writes nor migrates; works on a read-only file system too. */
  readonly readOnly?: boolean
  /** Waits for the disk at every append (the default). */
  readonly durable?: boolean
  /** How long to wait for another process's lock. */
  readonly busyTimeoutMs?: number
  readonly migrations?: Readonly<Record<string, Migration>>
}

/**
 * Pages in the write-ahead log that make SQLite move them into the database, 16 MB of them: small appends change
 * the same few pages over and over, so that four times SQLite's own limit waits for the disk a quarter as often.
 */
const checkpointPages = 4000

/** How much of a file is mapped for readers: a whole history is read without a system call for each of its pages. */
const mappedBytes = 2 ** 31 - 2 ** 16

/** One open database: better-sqlite3 for hot statements, Kysely over the same connection for all others. */
export interface Connection {
  readonly path: string
  readonly readOnly: boolean
  readonly sqlite: Database.Database
  readonly kysely: Kysely<LogTables>
}

/**
 * Opens a log's database; a new or older one is migrated unless `readOnly`.
 * @throws StoreError that says what is wrong with the file, and what to do
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { path, readOnly = false, durable = true, busyTimeoutMs = 5000, migrations = allMigrations } = options
  if (path !== ':memory:') assertFile(path, readOnly)
  const sqlite = readOnly ? openReadOnly(path, busyTimeoutMs) : openWritable(path, busyTimeoutMs)
  const connection = {
    path,
    readOnly,
    sqlite,
    kysely: new Kysely<LogTables>({ dialect: new SqliteDialect({ database: sqlite }) })
  }
  try {
    assertCurrentSchema(connection, migrations)
    if (!readOnly) {
      await retryWhileBusy(sqlite, busyTimeoutMs, () => sqlite.pragma('journal_mode = wal'))
      sqlite.pragma(`synchronous = ${durable ? 'full' : 'normal'}`)
      sqlite.pragma(`wal_autocheckpoint = ${checkpointPages}`)
      await migrate(connection, migrations, busyTimeoutMs)
    }
    sqlite.pragma('foreign_keys = on')
    return connection
  } catch (error) {
    sqlite.close()
    throw asOpenError(error, path)
  }
}

function assertFile(path: string, readOnly: boolean): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) {
    throw new StoreError('not-a-file', `${path} is a directory`, 'Give the path of a database file in it.')
  }
  if (stat === undefined && readOnly) {
    throw new StoreError(
      'not-found',
      `${path} does not exist`,
      'Check the path; `klplog ingest` makes a new log.'
    )
  }
  if (stat === undefined && !existsSync(dirname(path))) {
    throw new StoreError('not-found', `the directory of ${path} does not exist`, 'Make the directory first.')
  }
  if (stat !== undefined) assertAccess(path, constants.R_OK)
  if (readOnly) return
  // SQLite writes beside the file too.
  if (stat !== undefined) assertAccess(path, constants.W_OK)
  assertAccess(dirname(path), constants.W_OK)
}

function assertAccess(path: string, mode: number): void {
  try {
    accessSync(path, mode)
  } catch (cause) {
    const [code, deed] =
      mode === constants.W_OK ? (['read-only', 'written'] as const) : (['unreadable', 'read'] as const)
    const hint = 'Check the permissions of the file, its directory and its file system'
    throw new StoreError(
      code,
      `${path} cannot be ${deed}: ${(cause as Error).message}`,
      code === 'read-only' ? `${hint}, or open it read-only.` : `${hint}.`,
      { cause }
    )
  }
}

function openWritable(path: string, timeout: number): Database.Database {
  return withStoreErrors(path, () => new Database(path, { timeout }))
}

function openReadOnly(path: string, timeout: number): Database.Database {
  return withStoreErrors(path, () => {
    const sqlite = new Database(path, { readonly: true, fileMustExist: true, timeout })
    try {
      sqlite.pragma('schema_version')
      sqlite.pragma(`mmap_size = ${mappedBytes}`)
      return sqlite
    } catch (error) {
      sqlite.close()
      if (!(error instanceof Database.SqliteError) || !/^SQLITE_(CANTOPEN|READONLY)/.test(error.code))
        throw error
      return openInMemory(path, error)
    }
  })
}

/** Bytes 18 and 19 of a database file: 2 while it uses a write-ahead log, 1 when it does not. */
const formatVersionOffsets = [18, 19]

const memoryLimitBytes = 2 ** 31 - 1

/**
 * Where SQLite cannot make its -shm file (a read-only file system or directory), a log that was closed well is complete
 * without its write-ahead log, so it is read into memory, marked as not using one.
 */
function openInMemory(path: string, cause: Error): Database.Database {
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const unmerged = wal !== undefined && wal.size > 0
  if (unmerged || statSync(path).size > memoryLimitBytes) {
    throw new StoreError(
      'read-only',
      `${path} ${unmerged ? 'has a write-ahead log that' : 'is so large that it'} cannot be read on a read-only file system`,
      `Copy it, with ${path}-wal where there is one, to a directory that you may write to, and open the copy.`,
      { cause }
    )
  }
  const bytes = readFileSync(path)
  for (const offset of formatVersionOffsets) bytes[offset] = 1
  return new Database(bytes, { readonly: true })
}
