import { describe } from 'vitest'
import type { EventLog, ReadModel } from '../../src/events/index.ts'
import type { Upcasters } from '../../src/events/upcasters.ts'
import { appendContract } from './contract/append.ts'
import { liveContract } from './contract/live.ts'
import { readContract } from './contract/read.ts'
import { readModelContract } from './contract/read-models.ts'
import { storedContract } from './contract/stored.ts'

/** One empty log of an engine; every `open` is one more connection to it. */
export interface Harness {
  open(options?: {
    readonly readModels?: readonly ReadModel[]
    readonly upcasters?: Upcasters
  }): Promise<EventLog>
  /** All rows of a table, in the order of all its columns. */
  table(name: string): Promise<readonly unknown[]>
  /** Closes and removes everything. */
  drop(): Promise<void>
}

/** Runs `body` with a new, empty log and its first connection. */
export type WithLog = (body: (log: EventLog, harness: Harness) => Promise<void>) => Promise<void>

/** What every engine of the log must do. `create` makes an empty log with the tables of the sample read model. */
export function logContract(name: string, create: () => Promise<Harness>): void {
  const withLog: WithLog = async (body) => {
    const harness = await create()
    try {
      await body(await harness.open(), harness)
    } finally {
      await harness.drop()
    }
  }
  describe(name, () => {
    describe('append', () => appendContract(withLog))
    describe('read', () => readContract(withLog))
    describe('subscribe', () => liveContract(withLog))
    describe('read models', () => readModelContract(withLog))
    describe('what is stored', () => storedContract(withLog))
  })
}
