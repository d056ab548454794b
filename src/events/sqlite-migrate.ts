import { type Migration, Migrator } from 'kysely'
import { StoreError } from './errors.ts'
import { retryWhileBusy } from './sqlite-busy.ts'
import type { Connection } from './sqlite-connection.ts'

type Migrations = Readonly<Record<string, Migration>>

/**
 * Looks before anything is changed.
 * @throws StoreError when the database is not a log, is newer than this klplog, or is older and cannot be migrated
 */
export function assertCurrentSchema(connection: Connection, migrations: Migrations): void {
  const { path, readOnly } = connection
  const applied = appliedMigrations(connection)
  if (applied === 'foreign') throw notALog(path)
  const unknown = applied.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new StoreError(
      'newer-schema',
      `${path} was written by a newer klplog: this one does not know its migration ${unknown.join(', ')}`,
      'Update klplog.'
    )
  }
  if (!readOnly) return
  if (applied.length === 0) throw notALog(path)
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name))
  if (missing.length === 0) return
  throw new StoreError(
    'older-schema',
    `${path} was written by an older klplog and lacks the migration ${missing.join(', ')}`,
    'Open it once for writing, which migrates it: `klplog rebuild` does.'
  )
}

function notALog(path: string): StoreError {
  return new StoreError(
    'not-a-log',
    `${path} is an SQLite database, but not one of klplog`,
    'Give the path of a klplog database, or of a file that does not exist yet.'
  )
}

/** Names of the applied migrations; none in an empty database; `foreign` when the tables are someone else's. */
function appliedMigrations({ sqlite }: Connection): readonly string[] | 'foreign' {
  const tables = sqlite
    .prepare("select name from sqlite_master where type = 'table'")
    .pluck()
    .all() as string[]
  if (tables.length === 0) return []
  if (!tables.includes('kysely_migration') || !tables.includes('events')) return 'foreign'
  return sqlite.prepare('select name from kysely_migration order by name').pluck().all() as string[]
}

/** Brings the database to the present schema: all missing migrations or none, alone among processes. */
export async function migrate(
  connection: Connection,
  migrations: Migrations,
  busyTimeoutMs: number
): Promise<void> {
  const { sqlite, kysely } = connection
  const applied = appliedMigrations(connection)
  if (Object.keys(migrations).every((name) => applied.includes(name))) return
  const provider = { getMigrations: async () => migrations }
  try {
    // Kysely does not lock SQLite; whoever comes second waits here and then finds nothing left to do.
    await retryWhileBusy(sqlite, busyTimeoutMs, () => sqlite.exec('begin immediate'))
    const { error } = await new Migrator({
      db: kysely,
      provider,
      disableTransactions: true
    }).migrateToLatest()
    if (error !== undefined) throw error as Error
    sqlite.exec('commit')
  } catch (error) {
    if (sqlite.inTransaction) sqlite.exec('rollback')
    throw error
  }
}
