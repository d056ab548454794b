import { join } from 'node:path'
import { openSqliteLog } from '../src/events/index.ts'
import { projections } from '../src/projections/index.ts'
import { Emmett, toEmmett } from './emmett.ts'
import { Floor } from './floor.ts'
import { Workload } from './workload.ts'

export const stream = 'bench/0'
export const seed = 1

const batchEvents = 1000

/** The same history in each store, made once and read by whichever section asks. */
export class Histories {
  readonly #directory: string
  readonly #made = new Map<string, Promise<string>>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** klplog's database with so many events. */
  log(events: number, readModels = true): Promise<string> {
    return this.#once(readModels ? 'log' : 'events-only', events, async (path) => {
      const log = await openSqliteLog({ path, readModels: readModels ? [projections] : [], durable: false })
      for (const batch of batches(events)) await log.append(stream, 'any', batch)
      await log.close()
    })
  }

  floor(events: number): Promise<string> {
    return this.#once('floor', events, async (path) => {
      const floor = await Floor.open({ path, durable: false })
      for (const batch of batches(events)) floor.append(batch)
      floor.close()
    })
  }

  emmett(events: number): Promise<string> {
    return this.#once('emmett', events, async (path) => {
      const emmett = new Emmett(path)
      for (const batch of batches(events)) await emmett.append(batch.map(toEmmett))
    })
  }

  #once(kind: string, events: number, make: (path: string) => Promise<void>): Promise<string> {
    const name = `${kind}-${events}.db`
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const path = join(this.#directory, name)
    const made = make(path).then(() => path)
    this.#made.set(name, made)
    return made
  }
}

function* batches(events: number) {
  const workload = new Workload(seed)
  for (let at = 0; at < events; at += batchEvents) yield workload.take(Math.min(batchEvents, events - at))
}
