import { serveOnLoopback } from './loopback-service.ts'

/** A service on a database, in a process of its own; ends when its standard input does. */
const [databasePath = ''] = process.argv.slice(2)
const stop = await serveOnLoopback(databasePath, { requestsPerSecond: 1e9, requestsBurst: 1e9 })
process.stdin.resume().once('end', () => void stop())
