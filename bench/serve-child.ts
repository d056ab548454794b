import { openSqliteLog } from '../src/events/index.ts'
import { projections } from '../src/projections/index.ts'
import { startService } from '../src/server/index.ts'

/** A service on a database, in a process of its own; ends when its standard input does. */
const [databasePath = ''] = process.argv.slice(2)
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
  limits: { requestsPerSecond: 1e9, requestsBurst: 1e9 }
})
console.log(service.url)
process.stdin.resume().once('end', () => {
  void service.stop().then(() => log.close())
})
