import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type NewEvent, openSqliteLog, toWire } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'
import { type Bench, plainRow, type Row, type Section } from '../bench.ts'
import { seed, stream } from '../histories.ts'
import { Random } from '../random.ts'
import { type Contender, interleave, perSecond, quantile } from '../rounds.ts'
import { Workload } from '../workload.ts'

const child = fileURLToPath(new URL('../serve-child.ts', import.meta.url))
const sizes = [
  { batch: 1, appends: 200 },
  { batch: 100, appends: 20 },
  { batch: 1000, appends: 5 }
]

/** The service on loopback in a process of its own, beside the bare log in this one. */
export const serve: Section = {
  name: 'serve',
  async run(bench) {
    const rows: Row[] = []
    for (const size of sizes) rows.push(...(await appends(bench, size)))
    return [...rows, ...(await looks(bench))]
  }
}

/** One kept connection to a service. */
class Client {
  readonly #process: ChildProcess
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  private constructor(process: ChildProcess, url: string) {
    this.#process = process
    this.#url = url
  }

  static async start(database: string): Promise<Client> {
    const started = spawn(process.execPath, ['--import', 'tsx', child, database], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const [line] = (await once(started.stdout, 'data')) as [Buffer]
    return new Client(started, line.toString().trim())
  }

  /** Asks, and reads the answer to its end. */
  ask(path: string, body: string | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const options = { agent: this.#agent, method: body === null ? 'GET' : 'POST', headers }
      const asked = request(`${this.#url}${path}`, options, (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`${path}: ${response.statusCode}`))
        })
      })
      asked.on('error', reject).end(body ?? undefined)
    })
  }

  append(events: readonly NewEvent[]): Promise<void> {
    return this.ask('/v1/events', JSON.stringify({ stream, events: events.map(toWire) }))
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    const ended = once(this.#process, 'close')
    this.#process.stdin?.end()
    await ended
  }
}

/** Appends of one size over HTTP and to the bare log, both durable, in turn. */
async function appends(bench: Bench, { batch, appends: full }: (typeof sizes)[number]): Promise<Row[]> {
  const count = bench.quick ? Math.max(2, full / 10) : full
  const path = (name: string) => join(bench.directory, `serve-${name}-${batch}.db`)
  const log = await openSqliteLog({ path: path('log'), readModels: [projections] })
  const client = await Client.start(path('http'))
  const ms: number[] = []
  const contender = (name: string, add: (events: readonly NewEvent[]) => Promise<unknown>): Contender => {
    const workload = new Workload(seed)
    return {
      name,
      run: () => {
        const all = Array.from({ length: count }, () => workload.take(batch))
        return perSecond(count * batch, async () => {
          for (const events of all) await add(events)
        })
      }
    }
  }
  const timed = async (events: readonly NewEvent[]) => {
    const start = performance.now()
    await client.append(events)
    ms.push(performance.now() - start)
  }
  const measured = await interleave(
    [contender('http', timed), contender('log', (events) => log.append(stream, 'any', events))],
    bench.quick ? 3 : 15,
    bench.machine
  )
  await client.stop()
  await log.close()
  const what = `append of ${batch} over HTTP`
  return [
    plainRow(`${what}; floor: the bare log`, 'events/s', measured.median('http'), {
      floor: measured.median('log'),
      ofFloor: measured.ratio('http', 'log')
    }),
    plainRow(`${what}, p50`, 'ms', quantile(ms, 0.5)),
    plainRow(`${what}, p99`, 'ms', quantile(ms, 0.99))
  ]
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
