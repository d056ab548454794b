import { setTimeout } from 'node:timers/promises'
import Database from 'better-sqlite3'

const retryMs = 20

/**
 * Tries again while others hold a lock, without blocking: they may be in this process. It also covers what
 * SQLite does not wait for by itself, such as the change to a write-ahead log.
 */
export async function retryWhileBusy<T>(
  sqlite: Database.Database,
  timeoutMs: number,
  body: () => T
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    sqlite.pragma('busy_timeout = 0')
    try {
      return body()
    } catch (error) {
      const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
      if (!busy || waitedMs >= timeoutMs) throw error
    } finally {
      sqlite.pragma(`busy_timeout = ${timeoutMs}`)
    }
    await setTimeout(retryMs)
  }
}
