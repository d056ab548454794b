import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeTimelinePage, type TimelineHead } from '../../src/projections/index.ts'
import { klplog } from '../cli/command-line.ts'
import { recordedService, type TestService } from './service.ts'

interface Job {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly result: unknown
  readonly endedNs: string | null
}

let service: TestService
beforeAll(async () => {
  service = await recordedService('hyb-6f-nop-shadow', { limits: { jobsWaitingMax: 2, jobsKeptMax: 4 } })
})
afterAll(() => service.dispose())

async function start(kind: string): Promise<Job> {
  const response = await service.post('/v1/jobs', { kind })
  expect(response.status).toBe(202)
  const job = (await response.json()) as Job
  expect(response.headers.get('location')).toBe(`/v1/jobs/${job.id}`)
  return job
}

/** All that the job's stream tells, to its end. */
async function follow({ id }: Job): Promise<Job[]> {
  const text = await (await service.fetch(`/v1/jobs/${id}/progress`)).text()
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Job)
}

describe('long work', () => {
  it('verifies as the command does, and tells how far it is', async () => {
    const told = await follow(await start('verify'))
    const last = told.at(-1)
    expect(last).toMatchObject({ state: 'done', progress: { done: 311, total: 311 } })
    const { stdout } = await klplog(['verify', '-j'], { env: { KLPLOG_DB: service.log.path } })
    expect(last?.result).toEqual(JSON.parse(stdout))
    expect(await service.ask(`/v1/jobs/${last?.id}`)).toEqual(last)
  })

  it('checks as the command does', async () => {
    const last = (await follow(await start('check'))).at(-1)
    expect(last).toMatchObject({ state: 'done' })
    const { stdout } = await klplog(['check', '-j'], { env: { KLPLOG_DB: service.log.path } })
    expect(last?.result).toEqual(JSON.parse(stdout))
    expect(last?.result).not.toEqual([])
    const unknown = await service.post('/v1/jobs', { kind: 'check', invariant: ['nix'] })
    expect((await follow((await unknown.json()) as Job)).at(-1)).toMatchObject({
      state: 'failed',
      failure: { message: expect.stringContaining('has no invariant nix') as string }
    })
  })

  it('makes the timeline of another policy, as a report has it', async () => {
    const started = await service.post('/v1/jobs', { kind: 'what-if-timeline', policy: 'mainline' })
    const last = (await follow((await started.json()) as Job)).at(-1) as Job
    expect(last).toMatchObject({ state: 'done' })
    const { lines } = last.result as { lines: string[] }
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ format: 'klplog-timeline', policy: 'mainline' })
    const events = lines.slice(1).flatMap((line) => decodeTimelinePage(line))
    expect(events).toHaveLength((JSON.parse(lines[0] ?? '') as TimelineHead).events)
  })

  it('forgets the oldest results when they are too much, and never the last one', async () => {
    const small = await recordedService('hyb-6f-nop-shadow', { limits: { jobResultCharsMax: 1 } })
    const ids: string[] = []
    for (let n = 0; n < 3; n++) {
      const { id } = (await (await small.post('/v1/jobs', { kind: 'verify' })).json()) as Job
      await (await small.fetch(`/v1/jobs/${id}/progress`)).text()
      ids.push(id)
    }
    await expect
      .poll(async () => (await small.ask<Job[]>('/v1/jobs')).map(({ id }) => id))
      .toEqual(ids.slice(-1))
    await small.dispose()
  })

  it('rebuilds beside the service, which answers as before', async () => {
    const before = await service.ask('/v1/gaps')
    const job = await start('rebuild')
    expect(await service.ask('/v1/gaps')).toEqual(before)
    expect((await follow(job)).at(-1)).toMatchObject({ state: 'done', result: { events: 311 } })
    expect(await service.ask('/v1/gaps')).toEqual(before)
  })

  it('waits, is cancelled, is refused when too much waits, and is forgotten', async () => {
    const running = await start('rebuild')
    const waiting = await start('verify')
    expect(waiting.state).toBe('waiting')
    await start('verify')
    const full = await service.post('/v1/jobs', { kind: 'verify' })
    expect(full.status).toBe(503)
    expect(full.headers.get('retry-after')).toBe('10')

    const cancel = (id: string) => service.fetch(`/v1/jobs/${id}`, { method: 'DELETE' })
    expect(await (await cancel(waiting.id)).json()).toMatchObject({ state: 'cancelled' })
    expect(await (await cancel(running.id)).json()).toMatchObject({ state: 'cancelled', result: null })
    expect((await cancel(running.id)).status).toBe(409)
    expect((await cancel('nix')).status).toBe(404)

    const last = (await service.ask<Job[]>('/v1/jobs'))[0] as Job
    expect((await follow(last)).at(-1)).toMatchObject({ state: 'done' })
    expect((await service.ask<Job[]>('/v1/jobs')).length).toBeLessThanOrEqual(4)
    expect(await service.log.verify()).toMatchObject({ ok: true })
  })
})
