import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { EventLog, NewEvent, ReadQuery, StoredEvent } from '../../../src/events/index.ts'
import { anyEvent } from '../arbitrary-events.ts'
import type { WithLog } from '../log-contract.ts'
import { collect, switched, switches } from '../sample-events.ts'

const streamNames = ['a/1', 'a/2', 'b/1']

/** Batches of events with ids that do not meet, so that all of them are appended. */
const batches = fc
  .array(
    fc.record({
      stream: fc.constantFrom(...streamNames),
      events: fc.array(anyEvent(fc.constant('')), { minLength: 1, maxLength: 8 })
    }),
    { maxLength: 6 }
  )
  .map((all) => {
    let number = 0
    const numbered = (event: NewEvent) => ({ ...event, id: (number++).toString(16).padStart(32, '0') })
    return all.map(({ stream, events }) => ({ stream, events: events.map(numbered) }))
  })

async function fill(
  log: EventLog,
  all: readonly { stream: string; events: NewEvent[] }[]
): Promise<StoredEvent[]> {
  for (const { stream, events } of all) await log.append(stream, 'any', events)
  return collect(log.read({}))
}

const query: fc.Arbitrary<ReadQuery> = fc
  .record({
    stream: fc.option(fc.constantFrom(...streamNames, 'z/9'), { nil: undefined }),
    after: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
    upTo: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
    sinceNs: fc.option(fc.bigInt({ min: -1n, max: 10n }), { nil: undefined }),
    untilNs: fc.option(fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.constant(2n ** 53n + 3n)), {
      nil: undefined
    }),
    types: fc.option(fc.subarray(['task.switched', 'patch.enabled', 'hook.attached', 'nonsense']), {
      nil: undefined
    }),
    pid: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    backwards: fc.boolean(),
    limit: fc.option(fc.nat({ max: 9 }), { nil: undefined })
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))

/** The query said in plain words. */
function matching(events: readonly StoredEvent[], asked: ReadQuery): StoredEvent[] {
  const found = events.filter(
    (event) =>
      (asked.stream === undefined || event.stream === asked.stream) &&
      event.position > (asked.after ?? 0) &&
      event.position <= (asked.upTo ?? Number.POSITIVE_INFINITY) &&
      (asked.sinceNs === undefined || event.uptimeNs >= asked.sinceNs) &&
      (asked.untilNs === undefined || event.uptimeNs <= asked.untilNs) &&
      (asked.types === undefined || asked.types.includes(event.type)) &&
      (asked.pid === undefined || pidOf(event) === asked.pid)
  )
  if (asked.backwards === true) found.reverse()
  return found.slice(0, asked.limit)
}

function pidOf(event: StoredEvent): number | null | undefined {
  if (event.type === 'task.switched' || event.type === 'task.blocked') return event.data.pid
  return 'actor' in event.data ? event.data.actor?.pid : undefined
}

/** read(), history() and the questions about streams. */
export function readContract(withLog: WithLog): void {
  it('answers any query as a filter over all events would', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.array(query, { minLength: 1, maxLength: 20 }), (all, queries) =>
        withLog(async (log) => {
          const events = await fill(log, all)
          for (const asked of queries) expect(await collect(log.read(asked))).toEqual(matching(events, asked))
        })
      ),
      { numRuns: 60 }
    )
  })

  it('gives folds the same events, and finds positions in time', async () => {
    const bounds = fc.record({ after: fc.nat({ max: 40 }), upTo: fc.nat({ max: 40 }) })
    await fc.assert(
      fc.asyncProperty(batches, bounds, fc.bigInt({ min: -1n, max: 10n }), (all, { after, upTo }, askedNs) =>
        withLog(async (log) => {
          const events = await fill(log, all)
          for (const stream of [...streamNames, 'z/9']) {
            const own = events.filter((event) => event.stream === stream)
            const within = own.filter(({ position }) => position > after && position <= upTo)
            const expected = within.map(({ type, data, uptimeNs, position, revision }) => ({
              type,
              data,
              uptimeNs,
              position,
              revision
            }))
            expect([...log.history(stream, after, upTo)].flat()).toEqual(expected)
            const latest = own
              .filter((event) => event.uptimeNs <= askedNs)
              .reduce<StoredEvent | undefined>(
                (best, event) => (best && best.uptimeNs > event.uptimeNs ? best : event),
                undefined
              )
            expect(await log.positionAt(stream, askedNs)).toBe(latest?.position ?? 0)
          }
        })
      ),
      { numRuns: 60 }
    )
  })

  it('reads in pages of at most 1000, dense streams and sparse ones, either way', () =>
    withLog(async (log) => {
      for (let round = 0; round < 12; round++) {
        await log.append('dense/1', 'any', switches(round * 300 + 1, 299))
        await log.append('sparse/1', 'any', switches(round * 300 + 300, 1))
      }
      const all = await collect(log.read({}))
      for (const stream of ['dense/1', 'sparse/1']) {
        const own = all.filter((event) => event.stream === stream)
        const pages = [...log.history(stream, 0, 9e15)]
        expect(pages.every((page) => page.length > 0 && page.length <= 1000)).toBe(true)
        expect(pages.flat().map(({ position }) => position)).toEqual(own.map(({ position }) => position))
        expect(await collect(log.read({ stream }))).toEqual(own)
        expect(await collect(log.read({ stream, backwards: true }))).toEqual(own.toReversed())
      }
      expect(await collect(log.read({ backwards: true, limit: 1500 }))).toEqual(
        all.toReversed().slice(0, 1500)
      )
      const sizes = []
      for await (const page of log.read({})) sizes.push(page.length)
      expect(sizes).toEqual([1000, 1000, 1000, 600])
    }))

  it('reads the log as it stood when the read began', () =>
    withLog(async (log) => {
      await log.append('a/1', 'any', switches(1, 1500))
      const pages = []
      for await (const page of log.read({})) {
        pages.push(page.length)
        await log.append('a/1', 'any', switches(2000 + pages.length, 1))
      }
      expect(pages).toEqual([1000, 500])
    }))

  it('tells where each stream begins and ends', () =>
    withLog(async (log) => {
      expect(await log.streams()).toEqual([])
      await log.append('a/1', 'any', [
        { ...switched(1), wallNs: 5n },
        { ...switched(2), wallNs: 2n ** 62n }
      ])
      await log.append('b/1', 'any', [{ ...switched(3), uptimeNs: 2n ** 62n }])
      await log.append('a/1', 'any', [switched(4)])
      await log.reject([{ stream: 'c/1', source: 's', line: 1, reason: 'r', raw: '' }])
      expect(await log.streams()).toEqual([
        {
          stream: 'a/1',
          revision: 3,
          firstPosition: 1,
          lastPosition: 4,
          firstNs: 1_000_000n,
          lastNs: 4_000_000n,
          lastWallNs: null,
          rejected: 0
        },
        {
          stream: 'b/1',
          revision: 1,
          firstPosition: 3,
          lastPosition: 3,
          firstNs: 2n ** 62n,
          lastNs: 2n ** 62n,
          lastWallNs: null,
          rejected: 0
        },
        {
          stream: 'c/1',
          revision: 0,
          firstPosition: 0,
          lastPosition: 0,
          firstNs: 0n,
          lastNs: 0n,
          lastWallNs: null,
          rejected: 1
        }
      ])
      const commits = await log.commits(1, 10)
      expect(commits.map(({ digest: _, ...commit }) => commit)).toEqual([
        { number: 2, firstPosition: 3, lastPosition: 3 },
        { number: 3, firstPosition: 4, lastPosition: 4 }
      ])
      expect(await log.commits(0, 2)).toHaveLength(2)
    }))
}
