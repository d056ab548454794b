import Database from 'better-sqlite3'
import { type HistoryEvent, openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { Changes, emptyState, evolve } from '../../src/projections/index.ts'
import { atLeast, plainRow, type Row, type Section } from '../bench.ts'
import { Emmett } from '../emmett.ts'
import { stream } from '../histories.ts'
import { barePages, foldPages, parsedPages } from '../plain-read.ts'
import { type Contender, interleave, perSecond, type Rounds } from '../rounds.ts'

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
      { name: 'read + fold', run: () => perSecond(events, () => foldPages(historyOf(log), events)) },
      { name: 'read', run: () => perSecond(events, () => count(historyOf(log), events)) },
      { name: 'fold', run: () => foldAlone(log, events) },
      { name: 'bare read', run: () => perSecond(events, () => count(barePages(sqlite, events), events)) },
      {
        name: 'bare read + parse',
        run: () => perSecond(events, () => count(parsedPages(sqlite, events), events))
      },
      {
        name: 'bare read + parse + fold',
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
  const row = (what: string, mine: string, theirs: string, more: Partial<Row> = {}) =>
    plainRow(`${what} of ${events}; floor: ${theirs}`, 'events/s', rounds.median(mine), {
      floor: rounds.median(theirs),
      ofFloor: rounds.ratio(mine, theirs),
      ...more
    })
  const ours = rounds.median('read + fold')
  return [
    row('read + fold', 'read + fold', 'bare read + parse + fold', {
      emmett: rounds.median('emmett'),
      ofEmmett: rounds.ratio('read + fold', 'emmett'),
      targets: [atLeast(ours, 1_000_000, 'events/s')]
    }),
    row('read, without the fold,', 'read', 'bare read + parse'),
    row('read, without the fold,', 'read', 'bare read'),
    plainRow('fold alone', 'events/s', rounds.median('fold'))
  ]
}

function historyOf(log: SqliteLog): Iterable<readonly HistoryEvent[]> {
  return log.history(stream, 0, Number.MAX_SAFE_INTEGER)
}

/** The fold's part of reading and folding. */
function foldAlone(log: SqliteLog, events: number): number {
  const state = emptyState()
  const changes = new Changes()
  let ms = 0
  for (const page of historyOf(log)) {
    const start = performance.now()
    for (const event of page) evolve(state, event, changes)
    changes.clear()
    ms += performance.now() - start
  }
  return (events / ms) * 1000
}

function count(pages: Iterable<readonly unknown[]>, events: number): void {
  let seen = 0
  for (const page of pages) seen += page.length
  if (seen !== events) throw new Error(`${seen} of ${events} events came`)
}
