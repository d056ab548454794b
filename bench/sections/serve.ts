import { join } from 'node:path'
import { type NewEvent, openSqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'
import { type Bench, plainRow, type Row, type Section } from '../bench.ts'
import { seed, stream } from '../histories.ts'
import { Random } from '../random.ts'
import { type Contender, interleave, perSecond, quantile } from '../rounds.ts'
import { Client, LiveReaders } from '../service-client.ts'
import { Workload } from '../workload.ts'

interface Size {
  readonly batch: number
  /** How many a round does. */
  readonly appends: number
  /** Whether a service with live readers takes part: each event goes to all of them. */
  readonly live: boolean
}

const sizes: readonly Size[] = [
  { batch: 1, appends: 200, live: true },
  { batch: 100, appends: 20, live: true },
  { batch: 1000, appends: 5, live: false }
]
const liveReaders = 200

/** The service on loopback in a process of its own, beside the bare log in this one. */
export const serve: Section = {
  name: 'serve',
  async run(bench) {
    const rows: Row[] = []
    for (const size of sizes) rows.push(...(await appends(bench, size)))
    return [...rows, ...(await looks(bench))]
  }
}

/** A side that appends in a loop and keeps how long each append took, but for those of the warm-up. */
interface Side extends Contender {
  readonly ms: readonly number[]
}

/** `settle` waits, outside the measured time, until nothing of the round is left to do. */
function sideOf(
  name: string,
  { batch, count }: { batch: number; count: number },
  add: (events: readonly NewEvent[]) => Promise<unknown>,
  settle: (appended: number) => Promise<void> = async () => {}
): Side {
  const workload = new Workload(seed)
  const ms: number[] = []
  let appended = 0
  return {
    name,
    ms,
    run: async () => {
      const all = Array.from({ length: count }, () => workload.take(batch))
      const rate = await perSecond(count * batch, async () => {
        for (const events of all) {
          const start = performance.now()
          await add(events)
          if (appended > 0) ms.push(performance.now() - start)
        }
      })
      appended += count * batch
      await settle(appended)
      return rate
    }
  }
}

/** Appends of one size over HTTP, without and with live readers, and to the bare log, all durable, in turn. */
async function appends(bench: Bench, { batch, appends: full, live }: Size): Promise<Row[]> {
  const size = { batch, count: bench.quick ? Math.max(2, full / 10) : full }
  const path = (name: string) => join(bench.directory, `serve-${name}-${batch}.db`)
  const log = await openSqliteLog({ path: path('log'), readModels: [projections] })
  const client = await Client.start(path('http'))
  const bare = sideOf('log', size, (events) => log.append(stream, 'any', events))
  const http = sideOf('http', size, (events) => client.append(events))
  const watched = live ? await watchedSide(path('live'), size) : null
  const sides = [http, bare, ...(watched === null ? [] : [watched.side])]
  const measured = await interleave(sides, bench.quick ? 3 : 15, bench.machine)
  await watched?.close()
  await client.stop()
  await log.close()
  const rowsOf = (told: string, { name, ms }: Side) => [
    plainRow(`${told}; floor: the bare log`, 'events/s', measured.median(name), {
      floor: measured.median('log'),
      ofFloor: measured.ratio(name, 'log')
    }),
    plainRow(`${told}, p50`, 'ms', quantile(ms, 0.5), { floor: quantile(bare.ms, 0.5) }),
    plainRow(`${told}, p99`, 'ms', quantile(ms, 0.99), { floor: quantile(bare.ms, 0.99) })
  ]
  const rows = rowsOf(`append of ${batch} over HTTP`, http)
  if (watched === null) return rows
  const what = `append of ${batch} over HTTP, ${liveReaders} live readers`
  return [
    ...rows,
    ...rowsOf(what, watched.side),
    plainRow(`${what}, what they were brought`, 'events/s', watched.brought())
  ]
}

/** A service that live readers watch, a slow one and some that go away among them. */
async function watchedSide(database: string, size: { batch: number; count: number }) {
  const client = await Client.start(database)
  let readers: LiveReaders | null = null
  let roundStart = 0
  const brought: number[] = []
  const add = async (events: readonly NewEvent[]) => {
    roundStart ||= performance.now()
    await client.append(events)
  }
  const side = sideOf('live', size, add, async (appended) => {
    // Nobody can read an empty log: they come behind the first round, which does not count.
    readers ??= await LiveReaders.open(client, liveReaders)
    await readers.have(appended)
    brought.push((size.batch * size.count * liveReaders * 1000) / (performance.now() - roundStart))
    roundStart = 0
  })
  return {
    side,
    brought: () => quantile(brought.slice(1), 0.5),
    close: async () => {
      await readers?.close()
      await client.stop()
    }
  }
}

/** The state at random positions, which no one has looked at before. */
async function looks(bench: Bench): Promise<Row[]> {
  const events = bench.quick ? 1000 : 100_000
  const client = await Client.start(await bench.histories.log(events))
  const random = new Random(seed)
  const ms: number[] = []
  await client.ask('/v1/state?at=@1')
  for (let n = 0; n < (bench.quick ? 20 : 200); n++) {
    const start = performance.now()
    await client.ask(`/v1/state?at=@${1 + random.below(events)}`)
    ms.push(performance.now() - start)
  }
  await client.stop()
  const what = `--at in ${events} over HTTP, cold`
  return [
    plainRow(`${what}, p50`, 'ms', quantile(ms, 0.5)),
    plainRow(`${what}, p99`, 'ms', quantile(ms, 0.99))
  ]
}
