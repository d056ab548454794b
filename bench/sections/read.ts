import Database from 'better-sqlite3'
import { type HistoryEvent, openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { Changes, emptyState, evolve } from '../../src/projections/index.ts'
import { atLeast, plainRow, type Row, type Section } from '../bench.ts'
import { Emmett } from '../emmett.ts'
import { stream } from '../histories.ts'
import { barePages, foldPages, parsedPages } from '../plain-read.ts'
import { type Contender, interleave, perSecond, type Rate, type Rounds, startClocks } from '../rounds.ts'

const whole = 'read + fold'
const bareWhole = 'bare read + parse + fold'

/** Reading a whole stream and folding it, and what its parts cost. */
export const read: Section = {
  name: 'read',
  async run(bench) {
    const events = bench.quick ? 20_000 : 1_000_000
    const emmettEvents = bench.quick ? 2000 : 100_000
    const path = await bench.histories.log(events)
    const log = await openSqliteLog({ path, readOnly: true })
    const sqlite = new Database(path, { readonly: true })
    const emmett = new Emmett(await bench.histories.emmett(emmettEvents))
    const contenders: Contender[] = [
      { name: whole, run: () => perSecond(events, () => foldPages(historyOf(log), events)) },
      { name: 'read', run: () => perSecond(events, () => count(historyOf(log), events)) },
      { name: 'fold', run: () => foldAlone(log, events) },
      { name: 'bare read', run: () => perSecond(events, () => count(barePages(sqlite, events), events)) },
      {
        name: 'bare read + parse',
        run: () => perSecond(events, () => count(parsedPages(sqlite, events), events))
      },
      {
        name: bareWhole,
        run: () => perSecond(events, () => foldPages(parsedPages(sqlite, events), events))
      },
      {
        name: 'emmett',
        run: () =>
          perSecond(emmettEvents, async () => foldPages([await emmett.history(emmettEvents)], emmettEvents))
      }
    ]
    const rounds = await interleave(contenders, bench.quick ? 2 : 5, bench.machine)
    sqlite.close()
    await log.close()
    return rowsOf(rounds, events)
  }
}

function rowsOf(rounds: Rounds, events: number): Row[] {
  const row = (mine: string, theirs: string, by: keyof Rate, more: Partial<Row> = {}) =>
    plainRow(
      `${mine} of ${events}${by === 'clock' ? '' : ", by the processor's time"}; floor: ${theirs}`,
      'events/s',
      rounds.median(mine, by),
      { floor: rounds.median(theirs, by), ofFloor: rounds.ratio(mine, theirs, by), ...more }
    )
  const [clock, processor] = [rounds.median(whole), rounds.median(whole, 'processor')]
  return [
    row(whole, bareWhole, 'clock', {
      emmett: rounds.median('emmett'),
      ofEmmett: rounds.ratio(whole, 'emmett'),
      targets: [atLeast(1_000_000, 'events/s', clock, processor)]
    }),
    row(whole, bareWhole, 'processor', {
      emmett: rounds.median('emmett', 'processor'),
      ofEmmett: rounds.ratio(whole, 'emmett', 'processor')
    }),
    row('read', 'bare read + parse', 'clock'),
    row('read', 'bare read', 'clock'),
    plainRow(`fold alone of ${events}`, 'events/s', rounds.median('fold')),
    plainRow(
      `fold alone of ${events}, by the processor's time`,
      'events/s',
      rounds.median('fold', 'processor')
    )
  ]
}

function historyOf(log: SqliteLog): Iterable<readonly HistoryEvent[]> {
  return log.history(stream, 0, Number.MAX_SAFE_INTEGER)
}

/** The fold's part of reading and folding. */
function foldAlone(log: SqliteLog, events: number): Rate {
  const state = emptyState()
  const changes = new Changes()
  let clockMs = 0
  let processorMs = 0
  for (const page of historyOf(log)) {
    const stop = startClocks()
    for (const event of page) evolve(state, event, changes)
    changes.clear()
    const passed = stop()
    clockMs += passed.clockMs
    processorMs += passed.processorMs
  }
  return { clock: (events / clockMs) * 1000, processor: (events / processorMs) * 1000 }
}

function count(pages: Iterable<readonly unknown[]>, events: number): void {
  let seen = 0
  for (const page of pages) seen += page.length
  if (seen !== events) throw new Error(`${seen} of ${events} events came`)
}
