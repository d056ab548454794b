import { openSqliteLog } from '../src/events/index.ts'
import { projections } from '../src/projections/index.ts'
import { startService } from '../src/server/index.ts'
import type { Limits } from '../src/server/limits.ts'

/** Serves a database on loopback, with other limits than the command line can give, and prints the address. Gives what ends it. */
export async function serveOnLoopback(
  databasePath: string,
  limits: Partial<Limits>
): Promise<() => Promise<void>> {
  const log = await openSqliteLog({ path: databasePath, readModels: [projections] })
  const service = await startService({
    log,
    databasePath,
    host: '127.0.0.1',
    port: 0,
    tokenFile: null,
    pagePath: null,
    logLevel: 'error',
    stderr: process.stderr,
    now: () => BigInt(Date.now()) * 1_000_000n,
    limits
  })
  console.log(service.url)
  return async () => {
    await service.stop()
    await log.close()
  }
}
