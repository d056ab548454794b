import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NewEvent, SqliteLog, StoredEvent } from '../../src/events/index.ts'
import { emptyState, encodeState, fold, stateAt } from '../../src/projections/index.ts'
import { damagedHistories, histories, longHistories } from '../support/histories.ts'
import { anotherWriter, appendInBatches, dumpReadModels, ofAnotherStream } from '../support/history-log.ts'
import { holdsAt, ModelRows } from '../support/model-rows.ts'
import { temporaryLog } from '../support/recordings.ts'

/** What a log keeps beside the events: never anything that the events do not say, however they came. */

const short = fc.oneof(histories(), damagedHistories())

// Long histories are not shrunk (endOnFailure): each try of a smaller one would take as long as the first.
const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 })

async function withLog(use: (log: SqliteLog & { path: string }) => Promise<void>): Promise<void> {
  const log = await temporaryLog()
  try {
    await use(log)
  } finally {
    await log.dispose()
  }
}

test('rows do not depend on where one append ended and the next began', () => {
  fc.assert(
    fc.property(short, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), ({ events }, cuts) => {
      const whole = new ModelRows()
      whole.append(events)
      const pieces = new ModelRows()
      for (let at = 0, n = 0; at < events.length; n++) {
        const size = cuts[n % cuts.length] ?? 1
        pieces.append(events.slice(at, at + size))
        at += size
      }
      expect(pieces.dump()).toEqual(whole.dump())
    }),
    { numRuns: 200 }
  )
})

test('nor on who appended, though a writer that lagged behind begins again at a saved state', async () => {
  await fc.assert(
    fc.asyncProperty(longHistories(), sizes, ({ events }, batches) =>
      withLog(async (log) => {
        const other = await anotherWriter(log)
        await appendInBatches([log, other], 'toy/0', events, batches)
        await other.close()
        const rows = await dumpReadModels(log)
        expect(rows.filter((row) => row.startsWith('state_snapshots')).length).toBeGreaterThan(0)
        await withLog(async (alone) => {
          await appendInBatches([alone], 'toy/0', events, [events.length])
          expect(await dumpReadModels(alone)).toEqual(rows)
        })
      })
    ),
    { numRuns: 8, endOnFailure: true }
  )
})

test('the state at any position is a fold from the start', async () => {
  const positions = fc.array(fc.nat(), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(longHistories(), short, sizes, positions, ({ events }, other, batches, wanted) =>
      withLog(async (log) => {
        const half = events.length >> 1
        await appendInBatches([log], 'toy/0', events.slice(0, half), batches)
        await appendInBatches([log], 'toy/1', ofAnotherStream(other.events), [events.length])
        await appendInBatches([log], 'toy/0', events.slice(half), batches)
        const stored = await all(log, 'toy/0')
        const last = stored.at(-1)?.position ?? 0
        for (const position of [0, ...wanted.map((n) => n % (last + 1)), last]) {
          const plain = fold(
            emptyState(),
            stored.filter((event) => event.position <= position)
          )
          const travelled = await stateAt(log, 'toy/0', position)
          expect(encodeState(travelled), `at ${position} of ${last}`).toBe(encodeState(plain))
        }
      })
    ),
    { numRuns: 8, endOnFailure: true }
  )
})

async function all(log: SqliteLog, stream: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const page of log.read({ stream })) events.push(...page)
  return events
}

test('spans are asked for by position as they hold there', async () => {
  await fc.assert(
    fc.asyncProperty(short, fc.nat(), ({ events }, nth) =>
      withLog(async (log) => {
        await appendInBatches([log], 'toy/0', events, [7])
        const position = nth % (events.length + 1)
        const model = new ModelRows()
        model.append(events)
        const held = model.spans().filter((span) => holdsAt(span, position))
        const query = { table: 'spans', stream: 'toy/0', at: position, orderBy: ['from_position'] }
        const rows = await log.modelRows(query)
        const subjects = (spans: readonly object[]) =>
          spans.map((span) => JSON.stringify(span, ['kind', 'subject', 'value'])).sort()
        expect(subjects(rows)).toEqual(subjects(held))
      })
    ),
    { numRuns: 25 }
  )
})

/** What may happen to read models; the events are beyond reach, as triggers keep them. */
const damages = [
  'delete from spans',
  'delete from state_snapshots',
  'delete from spans where rowid % 3 = 0',
  "update spans set value = '{}', to_position = null",
  "update spans set subject = subject || '!'",
  "update state_snapshots set state = 'torn'",
  'update state_snapshots set revision = revision + 7',
  "insert into spans select stream_id, kind, subject || '?', from_position, to_position, from_ns, to_ns, value from spans"
]

test('a rebuild makes the same bytes again, whatever became of them', async () => {
  await fc.assert(
    fc.asyncProperty(
      longHistories(),
      fc.subarray(damages, { minLength: 1, maxLength: 3 }),
      ({ events }, harm) =>
        withLog(async (log) => {
          await appendInBatches([log], 'toy/0', events, [400, 33])
          await appendInBatches([log], 'toy/1', ofAnotherStream(events.slice(0, 1500)), [1000])
          const rows = await dumpReadModels(log)
          await log.rebuild()
          expect(await dumpReadModels(log)).toEqual(rows)
          damage(log.path, harm)
          expect(await dumpReadModels(log)).not.toEqual(rows)
          await log.rebuild()
          expect(await dumpReadModels(log)).toEqual(rows)
          await goesOn(log, events)
        })
    ),
    { numRuns: 6, endOnFailure: true }
  )
})

function damage(path: string, statements: readonly string[]): void {
  const database = new Database(path)
  for (const statement of statements) database.prepare(statement).run()
  database.close()
}

/** Appends behind a rebuild find the folds where they left them. */
async function goesOn(log: SqliteLog, events: readonly NewEvent[]): Promise<void> {
  await log.append('toy/1', 'any', ofAnotherStream(events.slice(1500)))
  const rows = await dumpReadModels(log)
  await log.rebuild()
  expect(await dumpReadModels(log)).toEqual(rows)
}
