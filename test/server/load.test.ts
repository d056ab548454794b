import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { NewEvent } from '../../src/events/index.ts'
import { temporaryDirectory } from '../cli/command-line.ts'
import { switched, switches } from '../events/sample-events.ts'
import { compiled } from '../support/compiled.ts'
import { EventReader, positionsOf, range } from './event-source.ts'
import { append, heapBytesOf, type ServiceProcess, startServiceProcess } from './service-process.ts'

const directory = temporaryDirectory()
let child = ''
let service: ServiceProcess
const readers: EventReader[] = []
beforeAll(() => {
  child = compiled(fileURLToPath(new URL('./service-child.ts', import.meta.url)), directory.path)
}, 120_000)
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  service.process.disconnect()
  expect(await service.ended).toBe(0)
})
afterAll(() => directory.remove())

async function start(name: string, limits: object = {}): Promise<void> {
  const fast = { requestsPerSecond: 1e6, requestsBurst: 1e6 }
  service = await startServiceProcess([
    '--expose-gc',
    child,
    join(directory.path, `${name}.db`),
    JSON.stringify({ ...fast, ...limits })
  ])
}

function read(query: string, headers?: Record<string, string>): EventReader {
  const reader = new EventReader(`${service.url}/v1/live?${query}`, headers)
  readers.push(reader)
  return reader
}

const metric = async (name: string) => {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

/** Events with so much evidence that the buffers of a reader that does not read fill. */
const bulky = (first: number, count: number): NewEvent[] =>
  switches(first, count).map((event) => ({
    ...event,
    evidence: { ...event.evidence, raw: 'x'.repeat(10_000) }
  }))

describe('a service in a process of its own, with 200 live readers', () => {
  it('brings each reader every event once and in order, the slow and the gone cost nobody anything', async () => {
    await start('many', { slowReaderMs: 3000 })
    await append(service, bulky(1, 1))
    const many = range(1, 200).map(() => read('after=0&send=event'))
    const slow = read('after=0&send=event')
    const gone = read('after=0&send=event')
    for (const reader of readers) expect(await reader.opened).toBe(200)
    await slow.until(1)
    await gone.until(1)
    expect(await metric('klplog_live_readers')).toBe(202)
    slow.pause()
    gone.close()
    const last = 1001
    for (let first = 2; first <= last; first += 25) await append(service, bulky(first, 25))
    for (const reader of many) await reader.until(last)
    await expect.poll(() => metric('klplog_live_readers'), { timeout: 60_000 }).toBe(200)
    expect(await metric('klplog_live_readers_cut_total')).toBe(1)

    // The slow one was cut off at the end of what it had, and loses nothing by it.
    slow.resume()
    await slow.ended
    const had = positionsOf(slow.messages)
    expect(had.length).toBeLessThan(last)
    const again = read('send=event', { 'last-event-id': String(had.length) })
    const rest = positionsOf(await again.until(last - had.length))
    expect([...had, ...rest]).toEqual(range(1, last))

    // One more for all: whoever got something twice has too many by now.
    await append(service, switches(last + 1, 1))
    for (const reader of many) {
      expect(positionsOf(await reader.until(last + 1))).toEqual(range(1, last + 1))
    }
    for (const reader of readers) reader.close()
    await expect.poll(() => metric('klplog_live_readers'), { timeout: 60_000 }).toBe(0)
  })
})

describe('the memory of a service', () => {
  // What a reader asks, and what a client does wrong.
  const questions = [
    'v1/state?at=@1',
    'v1/hooks',
    'v1/gaps',
    'v1/runs?function=f',
    'v1/blame?function=f',
    'v1/events?limit=50&reverse=true',
    'v1/diff?from=@1&to=@50',
    'v1/nothing',
    'v1/state?at=nonsense',
    'v1/jobs',
    'metrics'
  ]
  const perRound = 100

  /** Appends events, asks about them, and has readers that come and go. */
  async function round(number: number): Promise<void> {
    const first = number * perRound + 1
    // The tasks are always the same: a history of ever more tasks would be a state that grows.
    await append(
      service,
      range(first, first + perRound - 1).map((n) => switched(n, n % 20))
    )
    for (const question of questions) await (await fetch(`${service.url}/${question}`)).text()
    await (await fetch(`${service.url}/v1/timeline?after=@${first}`)).text()
    const goes = new EventReader(`${service.url}/v1/live?after=${first}&patch=lp_a`)
    await goes.until(1)
    goes.close()
  }

  it('is the same after four times as many events and requests', { timeout: 300_000 }, async () => {
    await start('flat')
    await round(0)
    const stays = range(1, 5).map(() => read('send=event'))
    for (const reader of stays) expect(await reader.opened).toBe(200)
    stays[0]?.pause()
    const rounds = 50
    const heap: number[] = []
    for (let n = 1; n <= 4 * rounds; n++) {
      await round(n)
      if (n % rounds !== 0) continue
      for (const reader of stays.slice(1)) await reader.until(n * perRound)
      await expect.poll(() => metric('klplog_live_readers')).toBeLessThanOrEqual(stays.length)
      heap.push(await heapBytesOf(service))
    }
    console.log(
      `heap, MB, after each ${rounds} rounds: ${heap.map((bytes) => (bytes / 1e6).toFixed(2)).join(' ')}`
    )
    expect((heap.at(-1) ?? Number.NaN) - (heap[0] ?? 0)).toBeLessThan(1e6)
  })
})
