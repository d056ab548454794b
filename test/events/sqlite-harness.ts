import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '../../migrations/index.ts'
import { openSqliteLog, type SqliteLog, type SqliteLogOptions } from '../../src/events/index.ts'
import type { Harness } from './log-contract.ts'
import { sampleMigration } from './sample-read-model.ts'

/** klplog's migrations and the tables of the sample read model. */
export const sampleMigrations = { ...migrations, '9999-sample': sampleMigration }

/** A new directory that is removed with everything in it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'klplog-events-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** An empty log in a file of its own. It need not survive a power cut. */
export async function sqliteHarness(): Promise<Harness> {
  const directory = temporaryDirectory()
  const opened: SqliteLog[] = []
  const options: SqliteLogOptions = {
    path: join(directory.path, 'log.db'),
    durable: false,
    pollMs: 5,
    migrations: sampleMigrations
  }
  const open = async (more: Partial<SqliteLogOptions> = {}) => {
    const log = await openSqliteLog({ ...options, ...more })
    opened.push(log)
    return log
  }
  const own = await open()
  return {
    open,
    table: async (name) => {
      const rows = await own.kysely
        .selectFrom(name as 'streams')
        .selectAll()
        .execute()
      return rows.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
    },
    drop: async () => {
      for (const log of opened) await log.close()
      directory.remove()
    }
  }
}
