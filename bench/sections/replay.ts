import { type HistoryEvent, openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { mainline, type World } from '../../src/kernel/index.ts'
import { Changes, emptyState, evolve } from '../../src/projections/index.ts'
import { HistoryRun, historyWorld, invariantsFor, Watch } from '../../src/replay/index.ts'
import { plainRow, type Section } from '../bench.ts'
import { stream } from '../histories.ts'
import { type Contender, interleave, perSecond } from '../rounds.ts'

/** A whole history read from the log and folded while every invariant looks on. */
export const replay: Section = {
  name: 'replay',
  async run(bench) {
    const events = bench.quick ? 10_000 : 1_000_000
    const log = await openSqliteLog({ path: await bench.histories.log(events), readOnly: true })
    const world = historyWorld(eventsOf(log, events), mainline)
    const contenders: Contender[] = [
      { name: 'under watch', run: () => perSecond(events, () => replayUnderWatch(log, events, world)) },
      { name: 'bare', run: () => perSecond(events, () => foldBare(log, events)) }
    ]
    const measured = await interleave(contenders, bench.quick ? 1 : 3, bench.machine)
    await log.close()
    const invariants = invariantsFor('mainline').length
    return [
      plainRow(
        `replay of ${events} events under ${invariants} invariants; floor: the bare fold`,
        'events/s',
        measured.median('under watch'),
        { floor: measured.median('bare'), ofFloor: measured.ratio('under watch', 'bare') }
      )
    ]
  }
}

function* eventsOf(log: SqliteLog, upTo: number): Generator<HistoryEvent> {
  for (const page of log.history(stream, 0, upTo)) yield* page
}

function replayUnderWatch(log: SqliteLog, upTo: number, world: World): void {
  const run = new HistoryRun(emptyState(), new Watch(world, invariantsFor('mainline')))
  for (const page of log.history(stream, 0, upTo)) for (const event of page) run.take(event)
  run.finish()
}

function foldBare(log: SqliteLog, upTo: number): void {
  const state = emptyState()
  const changes = new Changes()
  for (const page of log.history(stream, 0, upTo)) {
    for (const event of page) evolve(state, event, changes)
    changes.clear()
  }
}
