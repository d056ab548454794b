import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { EventLog, NewEvent } from '../../../src/events/index.ts'
import { anyEvent } from '../arbitrary-events.ts'
import type { Harness, WithLog } from '../log-contract.ts'
import { switched, switches } from '../sample-events.ts'
import { sampleModel } from '../sample-read-model.ts'

const readModels = [sampleModel]

async function tables(harness: Harness): Promise<unknown> {
  return { counts: await harness.table('sample_counts'), snapshots: await harness.table('sample_snapshots') }
}

/** Read models: in step with the events, whoever wrote them, and the same when rebuilt. */
export function readModelContract(withLog: WithLog): void {
  it('are the same rows however the events came, and when rebuilt', async () => {
    const events = fc.array(anyEvent(), { minLength: 1, maxLength: 40 })
    const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), writer: fc.nat({ max: 2 }) }), {
      minLength: 1
    })
    await fc.assert(
      fc.asyncProperty(events, cuts, (all, pieces) =>
        withLog(async (log, harness) => {
          const writers = [await harness.open({ readModels }), await harness.open({ readModels })]
          let from = 0
          for (let index = 0; from < all.length; index++) {
            const { size, writer } = pieces[index % pieces.length] as { size: number; writer: number }
            // A third writer is a new connection each time: it has no fold in memory.
            const chosen = writers[writer] ?? (await harness.open({ readModels }))
            await chosen.append(from % 3 === 0 ? 'a/1' : 'a/2', 'any', all.slice(from, from + size))
            from += size
          }
          const incremental = await tables(harness)
          const { events: count } = await (writers[0] as EventLog).rebuild()
          expect(await tables(harness)).toEqual(incremental)
          expect(count).toBe((await log.commits(0, 1000)).at(-1)?.lastPosition)
          await (writers[1] as EventLog).append('a/1', 'any', switches(900, 8))
          const after = await tables(harness)
          await (writers[0] as EventLog).rebuild()
          expect(await tables(harness)).toEqual(after)
        })
      ),
      { numRuns: 25 }
    )
  })

  it('a fold that throws takes its whole append back', () =>
    withLog(async (_, harness) => {
      const log = await harness.open({ readModels })
      await log.append('a/1', 'any', switches(1, 10))
      const before = await tables(harness)
      const trip = { ...switched(12), data: { ...switched(12).data, comm: 'trip' } } as NewEvent
      await expect(log.append('a/1', 'any', [switched(11), trip])).rejects.toThrow('tripped')
      expect(await tables(harness)).toEqual(before)
      expect(await log.append('a/1', 10, switches(11, 5))).toMatchObject({ revision: 15, appended: 5 })
      const after = await tables(harness)
      await log.rebuild()
      expect(await tables(harness)).toEqual(after)
    }))

  it('rebuilds page by page and says how far it is', () =>
    withLog(async (_, harness) => {
      const log = await harness.open({ readModels })
      await log.append('a/1', 'any', switches(1, 2100))
      await log.append('b/1', 'any', switches(3000, 10))
      const before = await tables(harness)
      const progress: [number, number][] = []
      await log.rebuild((done, total) => progress.push([done, total]))
      expect(progress).toEqual([
        [1000, 2110],
        [2000, 2110],
        [2100, 2110],
        [2110, 2110]
      ])
      expect(await tables(harness)).toEqual(before)
    }))
}
