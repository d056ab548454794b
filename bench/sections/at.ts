import Database from 'better-sqlite3'
import { openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { stateAt } from '../../src/projections/index.ts'
import { atMost, type Bench, plainRow, type Row, type Section } from '../bench.ts'
import { Emmett } from '../emmett.ts'
import { seed, stream } from '../histories.ts'
import { foldPages, parsedPages } from '../plain-read.ts'
import { Random } from '../random.ts'
import { median, quantile } from '../rounds.ts'

/** Emmett replays a stream from its start; longer ones would take the whole day. */
const emmettEventsMax = 100_000

/** A log of one length, and how many ms each look into it took. */
interface Looks {
  readonly events: number
  readonly log: SqliteLog
  readonly sqlite: Database.Database
  readonly emmett: Emmett | null
  readonly ms: { readonly klplog: number[]; readonly replay: number[]; readonly emmett: number[] }
}

/** The state at random positions of short and long logs. */
export const at: Section = {
  name: 'at',
  async run(bench) {
    const lengths = bench.quick ? [1000, 10_000] : [10_000, 100_000, 1_000_000]
    const all: Looks[] = []
    for (const events of lengths) all.push(await open(bench, events))
    const random = new Random(seed)
    for (let round = -1; round < (bench.quick ? 2 : 20); round++) {
      bench.machine.look()
      for (const looks of all) await look(looks, random, round < 0)
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
    ms: { klplog: [], replay: [], emmett: [] }
  }
}

/** Fifty looks of klplog's, and one replay from the start by others. */
async function look({ events, log, sqlite, emmett, ms }: Looks, random: Random, warmsUp: boolean) {
  const position = () => 1 + random.below(events)
  const timed = async (into: number[], work: () => unknown) => {
    const start = performance.now()
    await work()
    if (!warmsUp) into.push(performance.now() - start)
  }
  for (let n = 0; n < 50; n++) await timed(ms.klplog, () => stateAt(log, stream, position()))
  const upTo = position()
  await timed(ms.replay, () => foldPages(parsedPages(sqlite, upTo), upTo))
  if (emmett === null) return
  await timed(ms.emmett, async () => foldPages([await emmett.history(upTo)], upTo))
}

function rowsOf(all: readonly Looks[]): Row[] {
  const rows = all.map(({ events, ms, emmett }) => {
    const ours = median(ms.klplog)
    const replay = median(ms.replay)
    const theirs = emmett === null ? null : median(ms.emmett)
    return plainRow(`--at in ${events}, p50; floor: replay from the start`, 'ms', ours, {
      floor: replay,
      ofFloor: replay / ours,
      emmett: theirs,
      ofEmmett: theirs === null ? null : theirs / ours
    })
  })
  const p99s = all.map(({ events, ms }) =>
    plainRow(`--at in ${events}, p99`, 'ms', quantile(ms.klplog, 0.99))
  )
  const [shortest, longest] = [rows[0], rows.at(-1)] as [Row, Row]
  const [shortestP99, longestP99] = [p99s[0], p99s.at(-1)] as [Row, Row]
  const last = { ...longestP99, targets: [atMost(longestP99.ours, 20, 'ms')] }
  const growth = `--at, growth from ${all[0]?.events} to ${all.at(-1)?.events}`
  return [
    ...rows,
    ...p99s.slice(0, -1),
    last,
    plainRow(`${growth}, p50`, 'times', longest.ours / shortest.ours),
    plainRow(`${growth}, p99`, 'times', longestP99.ours / shortestP99.ours)
  ]
}
