import Database from 'better-sqlite3'
import { LogError, StoreError, type StoreErrorCode } from './errors.ts'

interface Explanation {
  readonly code: StoreErrorCode
  readonly what: string
  readonly hint: string
}

/** What SQLite's result codes mean to a user; the longest matching prefix wins. */
const explanations: readonly (readonly [prefix: string, explanation: Explanation])[] = [
  [
    'SQLITE_NOTADB',
    { code: 'not-sqlite', what: 'is not an SQLite database', hint: 'Give the path of a klplog database.' }
  ],
  [
    'SQLITE_CANTOPEN_ISDIR',
    { code: 'not-a-file', what: 'is a directory', hint: 'Give the path of a database file in it.' }
  ],
  [
    'SQLITE_CANTOPEN',
    {
      code: 'not-found',
      what: 'cannot be opened',
      hint: 'Check that the path exists and that you may read it and write beside it.'
    }
  ],
  [
    'SQLITE_READONLY',
    {
      code: 'read-only',
      what: 'cannot be written',
      hint: 'Check the permissions of the file, its directory and its file system, or open it read-only.'
    }
  ],
  [
    'SQLITE_BUSY',
    {
      code: 'locked',
      what: 'is locked by another process',
      hint: 'Wait until the other process has ended (`fuser FILE` names it), then try again.'
    }
  ],
  [
    'SQLITE_FULL',
    {
      code: 'disk-full',
      what: 'does not fit on its disk',
      hint: 'Make room, then try again; nothing was half written.'
    }
  ],
  [
    'SQLITE_CORRUPT',
    {
      code: 'corrupt',
      what: 'is damaged',
      hint: 'Run `klplog verify` to see what is lost, and restore the log from a backup.'
    }
  ],
  [
    'SQLITE_IOERR',
    {
      code: 'io',
      what: 'cannot be read or written',
      hint: 'Look for errors of the disk in the kernel log and for a full file system, then try again.'
    }
  ]
]

/** What SQLite threw as a StoreError; errors of the log itself and of programming pass as they are. */
export function asStoreError(error: unknown, path: string): unknown {
  if (error instanceof LogError || !(error instanceof Database.SqliteError)) return error
  const explanation = explanations.find(([prefix]) => error.code.startsWith(prefix))?.[1]
  if (explanation === undefined) return error
  const { code, what, hint } = explanation
  return new StoreError(code, `${path} ${what}: ${error.message}`, hint, { cause: error })
}

/** As asStoreError, for statements that every log must be able to prepare: their failure is the file's fault. */
export function asOpenError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_ERROR')
    return asStoreError(error, path)
  const message = `${path} does not have the tables of a log: ${error.message}`
  return new StoreError('corrupt', message, 'Restore the log from a backup.', { cause: error })
}

/** Runs `body`; what SQLite throws in it becomes a StoreError. */
export function withStoreErrors<T>(path: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw asStoreError(error, path)
  }
}
