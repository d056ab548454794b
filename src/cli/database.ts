import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { openSqliteLog, type SqliteLog } from '../events/index.ts'
import { projections } from '../projections/index.ts'
import type { App } from './app.ts'
import { CliError, exitCodes } from './errors.ts'
import type { Io } from './io.ts'

/** `--db`, else KLPLOG_DB, else klplog's place in the XDG data directory. */
export function databasePath(option: string | undefined, env: Io['env']): string {
  if (option !== undefined) return option
  if (env.KLPLOG_DB !== undefined && env.KLPLOG_DB !== '') return env.KLPLOG_DB
  return join(dataDirectory(env), 'klplog.db')
}

/** The XDG specification has relative paths ignored. */
function dataDirectory(env: Io['env']): string {
  const { XDG_DATA_HOME: given, HOME: home = homedir() } = env
  const base = given !== undefined && isAbsolute(given) ? given : join(home, '.local', 'share')
  return join(base, 'klplog')
}

/** Runs `use` on the log, opened for reading. */
export async function withLog<T>(app: App, use: (log: SqliteLog) => Promise<T>): Promise<T> {
  const { databasePath: path } = app
  if (!existsSync(path)) throw noDatabase(path)
  return closing(await openSqliteLog({ path, readModels: [projections], readOnly: true }), use)
}

/**
 * Runs `use` on the log, opened for writing. `make`: a database that does not exist is made, with its
 * directory when that is klplog's own.
 */
export async function withWritableLog<T>(
  app: App,
  { make }: { readonly make: boolean },
  use: (log: SqliteLog) => Promise<T>
): Promise<T> {
  const { databasePath: path, io } = app
  if (!existsSync(path)) {
    if (!make) throw noDatabase(path)
    const directory = dirname(path)
    if (directory === dataDirectory(io.env)) mkdirSync(directory, { recursive: true, mode: 0o700 })
  }
  const onOutdated = (events: number) =>
    app.note(`${path} was written by an older klplog: what follows from its ${events} events is made anew.`)
  return closing(await openSqliteLog({ path, readModels: [projections], onOutdated }), use)
}

async function closing<T>(log: SqliteLog, use: (log: SqliteLog) => Promise<T>): Promise<T> {
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}

function noDatabase(path: string): CliError {
  return new CliError(
    exitCodes.store,
    `no database at ${path}`,
    '`klplog ingest PATH` makes one; --db or KLPLOG_DB names another.'
  )
}
