import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Destination, Shipment, Spool } from '../../src/collectors/index.ts'
import { klplog, type Outcome, temporaryDirectory } from '../cli/command-line.ts'
import { parseAnswer } from '../cli/contract.ts'
import { manifestPath, recordingPath } from '../cli/recording-paths.ts'
import { seeded } from '../cli/seeded.ts'
import { collect, switches } from '../events/sample-events.ts'
import { type Fate, flakyProxy } from './flaky-proxy.ts'
import { emptyService, type TestService } from './service.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

let service: TestService
let spools = 0
beforeAll(async () => {
  service = await emptyService()
})
afterAll(() => service.dispose())

const newSpool = () => join(directory.path, `spool-${++spools}`)

function ship(to: string, spool: string, ...more: readonly string[]): Promise<Outcome> {
  const paths = [recordingPath('up-3-replace'), manifestPath]
  return klplog(['ingest', ...paths, '--to', to, '--spool', spool, '--retry-for', '0s', ...more])
}

const waiting = (spool: string) => readdirSync(spool).filter((name) => /^\d+\.json$/.test(name))

describe('klplog ingest --to', () => {
  it('brings a service what a local ingest brings a database, and nothing twice', async () => {
    const local = join(directory.path, 'local.db')
    await klplog(['ingest', recordingPath('up-3-replace'), manifestPath, '--db', local])
    const spool = newSpool()
    const first = await ship(service.url, spool)
    expect(first).toMatchObject({ exitCode: 0, stderr: `${service.url} took 426 new events and knew 0\n` })
    expect(first.stdout).toMatch(/^up-3-replace\/0 +426 +0 /m)
    const local311 = JSON.parse((await klplog(['log', '-j', '--db', local])).stdout) as unknown
    const { events } = await service.ask<{ events: unknown[] }>('/v1/events?limit=1000')
    expect(events).toEqual(local311)

    const requests = () => service.logged().match(/"path":"\/v1\/events","status":200/g)?.length
    const before = requests()
    expect((await ship(service.url, spool)).stdout).toMatch(/^up-3-replace\/0 +0 +426 /m)
    expect(requests()).toBe(before)
  })

  it('keeps what a service that is away does not take, once, and sends it the next time', async () => {
    const proxy = await flakyProxy(service.url, () => 'lost')
    const spool = newSpool()
    const away = await ship(proxy.url, spool)
    expect(away.exitCode).toBe(4)
    expect(away.stderr).toContain('426 wait in the spool')
    expect((await ship(proxy.url, spool)).stderr).toContain('426 wait in the spool')
    expect(waiting(spool)).toHaveLength(1)
    await proxy.close()
    writeFileSync(join(spool, 'service'), `${service.url}\n`)
    expect((await ship(service.url, spool)).stderr).toContain('took 0 new events and knew 426')
    expect(waiting(spool)).toEqual([])
  })

  it('tells as JSON what became of it, as the contract says', async () => {
    const spool = newSpool()
    const proxy = await flakyProxy(service.url, () => 'lost')
    const away = parseAnswer('ingest --to', (await ship(proxy.url, spool, '-o', 'json')).stdout)
    expect(away).toMatchObject({
      to: proxy.url,
      streams: [{ stream: 'up-3-replace/0', spooled: 426, alreadySpooled: 0 }],
      shipped: { appended: 0, waiting: 426, refused: 0 },
      trouble: expect.any(String) as string
    })
    await proxy.close()
    writeFileSync(join(spool, 'service'), `${service.url}\n`)
    const back = parseAnswer('ingest --to', (await ship(service.url, spool, '-o', 'json')).stdout)
    expect(back).toMatchObject({
      streams: [{ spooled: 0, alreadySpooled: 426 }],
      shipped: { appended: 0, alreadyKnown: 426, waiting: 0, refused: 0 },
      trouble: null
    })
  })

  it('ships rejected evidence too', async () => {
    const cut = join(directory.path, 'trace.txt')
    writeFileSync(cut, '          labctl-76      [001] .....     6.118\n')
    const options = ['--format', 'ftrace', '--host', 'web1', '--boot', '1', '--spool', newSpool()]
    await klplog(['ingest', cut, '--to', service.url, ...options])
    expect(await service.ask('/v1/rejected')).toMatchObject({
      rejected: [{ stream: 'web1/1', source: cut, line: 1 }]
    })
  })

  it('tells what is wrong with where to', async () => {
    const spool = newSpool()
    expect(await ship('nix', spool)).toMatchObject({ exitCode: 2 })
    await ship(service.url, spool)
    const other = await ship('http://127.0.0.1:1', spool)
    expect(other.exitCode).toBe(2)
    expect(other.stderr).toContain(`holds what is for ${service.url}, not for http://127.0.0.1:1`)
    const held = Spool.open(newSpool(), service.url)
    writeFileSync(join(held.directory, 'lock'), '1')
    expect((await ship(service.url, held.directory)).stderr).toContain('is in use by process 1')
    held.close()
  })

  it('is let in with a token only', async () => {
    const guarded = await emptyService({ tokens: 'append appending-token-01\n' })
    const spool = newSpool()
    const barred = await ship(guarded.url, spool)
    expect(barred.exitCode).toBe(4)
    expect(barred.stderr).toContain('401: the request has no token that this service knows')
    const token = join(directory.path, 'token')
    writeFileSync(token, 'appending-token-01\n')
    const admitted = await ship(guarded.url, spool, '--token-file', token)
    expect(admitted).toMatchObject({ exitCode: 0 })
    expect(admitted.stderr).toContain('took 426 new events')
    await guarded.dispose()
  })
})

describe('a shipment', () => {
  const opened: Spool[] = []
  afterEach(() => {
    for (const spool of opened.splice(0)) spool.close()
  })

  function shipment(url: string, directoryPath: string, random: () => number, patienceMs = 60_000): Shipment {
    const spool = Spool.open(directoryPath, url)
    opened.push(spool)
    const destination: Destination = { url, token: null }
    const nowMs = () => performance.now()
    return new Shipment({ destination, spool, patienceMs, random, nowMs, stop: new AbortController().signal })
  }

  it.each([1, 2, 3])('arrives once over a way that loses requests and answers, seed %d', async (seed) => {
    const target = await emptyService()
    const random = seeded(seed)
    const fates: readonly Fate[] = ['passed', 'passed', 'passed', 'passed', 'lost', 'answer lost', 'busy']
    const proxy = await flakyProxy(target.url, () => fates[Math.floor(random() * fates.length)] ?? 'passed')
    const path = newSpool()
    // Each run ends before all has arrived, and the next goes on from its spool.
    for (let run = 0; run < 3; run++) {
      const sent = shipment(proxy.url, path, random, 0)
      for (let first = 1; first <= 30; first += 10)
        await sent.append('a/1', 'any', switches(run * 30 + first, 10))
      const evidence = { stream: 'a/1', source: 's', line: run, reason: 'r', raw: `raw of run ${run}` }
      await sent.reject([evidence])
      await sent.finish()
      opened.pop()?.close()
    }
    const last = await shipment(proxy.url, path, random).finish()
    expect(last).toMatchObject({ waiting: 0, refused: 0 })
    const lines = (await collect(target.log.read({}))).map(({ evidence }) => evidence.line)
    expect(lines).toEqual(Array.from({ length: 90 }, (_, n) => n + 1))
    expect(await target.log.rejected({})).toHaveLength(3)
    expect(proxy.twice).toEqual([])
    await proxy.close()
    await target.dispose()
  })

  it('lays aside what the service will never take, with the reason', async () => {
    const path = newSpool()
    const sent = shipment(service.url, path, () => 0)
    const unstorable = switches(9001, 1).map((event) => ({ ...event, id: 'no id' }))
    await sent.append('z/1', 'any', unstorable)
    expect(await sent.finish()).toMatchObject({ refused: 1, waiting: 0 })
    const [parcel = '', reason = ''] = readdirSync(join(path, 'refused')).sort()
    expect(existsSync(join(path, 'refused', parcel))).toBe(true)
    expect(readFileSync(join(path, 'refused', reason), 'utf8')).toContain('422: events[0].id')
  })
})
