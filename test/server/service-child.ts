import { serveOnLoopback } from '../../bench/loopback-service.ts'
import type { Limits } from '../../src/server/limits.ts'

/**
 * A service in a process of its own. Prints its address; a message asks how many bytes of the heap are in use after
 * a collection, and the end of the channel ends it.
 */
const [databasePath = '', limits = '{}'] = process.argv.slice(2)
const stop = await serveOnLoopback(databasePath, JSON.parse(limits) as Partial<Limits>)
process.on('message', () => process.send?.(heapBytes()))
process.once('disconnect', () => void stop())

/** What a first collection finalizes, a second one frees. */
function heapBytes(): number {
  global.gc?.()
  global.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
