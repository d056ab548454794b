import Database from 'better-sqlite3'
import { openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { stateAt } from '../../src/projections/index.ts'
import { atMost, type Bench, plainRow, type Row, type Section } from '../bench.ts'
import { Emmett } from '../emmett.ts'
import { seed, stream } from '../histories.ts'
import { foldPages, parsedPages } from '../plain-read.ts'
import { Random } from '../random.ts'
import { median, quantile, startClocks } from '../rounds.ts'

/** Emmett replays a stream from its start; longer ones would take the whole day. */
const emmettEventsMax = 100_000

/** A log of one length, and how many ms each look into it took. */
interface Looks {
  readonly events: number
  readonly log: SqliteLog
  readonly sqlite: Database.Database
  readonly emmett: Emmett | null
  readonly ms: Readonly<Record<'klplog' | 'byProcessor' | 'replay' | 'emmett', number[]>>
}

/** The state at random positions of short and long logs. */
export const at: Section = {
  name: 'at',
  async run(bench) {
    const lengths = bench.quick ? [1000, 10_000] : [10_000, 100_000, 1_000_000]
    const all: Looks[] = []
    for (const events of lengths) all.push(await open(bench, events))
    const random = new Random(seed)
    // Not in turns: the heap that a replay of a whole log leaves behind would be collected in our looks.
    for (const work of [look, replayWhole]) {
      for (let round = -1; round < (bench.quick ? 2 : 20); round++) {
        bench.machine.look()
        for (const looks of all) await work(looks, random, round < 0)
      }
    }
    for (const { log, sqlite } of all) {
      await log.close()
      sqlite.close()
    }
    return rowsOf(all)
  }
}

async function open({ histories }: Bench, events: number): Promise<Looks> {
  const path = await histories.log(events)
  return {
    events,
    log: await openSqliteLog({ path, readOnly: true }),
    sqlite: new Database(path, { readonly: true }),
    emmett: events <= emmettEventsMax ? new Emmett(await histories.emmett(events)) : null,
    ms: { klplog: [], byProcessor: [], replay: [], emmett: [] }
  }
}

/** Fifty looks of klplog's. */
async function look({ events, log, ms }: Looks, random: Random, warmsUp: boolean): Promise<void> {
  for (let n = 0; n < 50; n++) {
    const { clockMs, processorMs } = await timed(() => stateAt(log, stream, positionOf(random, events)))
    if (warmsUp) continue
    ms.klplog.push(clockMs)
    ms.byProcessor.push(processorMs)
  }
}

/** One replay from the start by each of the others. */
async function replayWhole(
  { events, sqlite, emmett, ms }: Looks,
  random: Random,
  warmsUp: boolean
): Promise<void> {
  const upTo = positionOf(random, events)
  const bare = await timed(() => foldPages(parsedPages(sqlite, upTo), upTo))
  if (!warmsUp) ms.replay.push(bare.clockMs)
  if (emmett === null) return
  const theirs = await timed(async () => foldPages([await emmett.history(upTo)], upTo))
  if (!warmsUp) ms.emmett.push(theirs.clockMs)
}

function positionOf(random: Random, events: number): number {
  return 1 + random.below(events)
}

async function timed(work: () => unknown) {
  const stop = startClocks()
  await work()
  return stop()
}

/** A log of one length: the middle look beside replays, and the slowest of a hundred. */
function rowsOfOne({ events, ms, emmett }: Looks, isLongest: boolean): Row[] {
  const ours = median(ms.klplog)
  const replay = median(ms.replay)
  const theirs = emmett === null ? null : median(ms.emmett)
  const p99 = quantile(ms.klplog, 0.99)
  const p99ByProcessor = quantile(ms.byProcessor, 0.99)
  const targets = isLongest ? [atMost(20, 'ms', p99, p99ByProcessor)] : []
  return [
    plainRow(`--at in ${events}, p50; floor: replay from the start`, 'ms', ours, {
      floor: replay,
      ofFloor: replay / ours,
      emmett: theirs,
      ofEmmett: theirs === null ? null : theirs / ours
    }),
    plainRow(`--at in ${events}, p99`, 'ms', p99, { targets }),
    plainRow(`--at in ${events}, p99 by the processor's time`, 'ms', p99ByProcessor)
  ]
}

function rowsOf(all: readonly Looks[]): Row[] {
  const [shortest, longest] = [all[0], all.at(-1)] as [Looks, Looks]
  const growth = (by: 'klplog' | 'byProcessor', part: number) =>
    quantile(longest.ms[by], part) / quantile(shortest.ms[by], part)
  const what = `--at, growth from ${shortest.events} to ${longest.events}`
  return [
    ...all.flatMap((looks) => rowsOfOne(looks, looks === longest)),
    plainRow(`${what}, p50`, 'times', growth('klplog', 0.5)),
    plainRow(`${what}, p99`, 'times', growth('klplog', 0.99)),
    plainRow(`${what}, p99 by the processor's time`, 'times', growth('byProcessor', 0.99))
  ]
}
