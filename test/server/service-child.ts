import { openSqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'
import { startService } from '../../src/server/index.ts'
import type { Limits } from '../../src/server/limits.ts'

/**
 * A service with other limits than the command line can give, in a process of its own. Prints its address; a
 * message asks how many bytes of the heap are in use after a collection, and the end of the channel ends it.
 */
const [databasePath = '', limits = '{}'] = process.argv.slice(2)
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
  limits: JSON.parse(limits) as Partial<Limits>
})
console.log(service.url)
process.on('message', () => process.send?.(heapBytes()))
process.once('disconnect', () => void service.stop().then(() => log.close()))

/** What a first collection finalizes, a second one frees. */
function heapBytes(): number {
  global.gc?.()
  global.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
