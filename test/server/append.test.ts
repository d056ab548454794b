import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '../../src/events/index.ts'
import { collect, switched, switches } from '../events/sample-events.ts'
import { emptyService, type TestService } from './service.ts'

let service: TestService
beforeAll(async () => {
  service = await emptyService({ limits: { bodyBytesMax: 100_000 } })
})
afterAll(() => service.dispose())

const body = (stream: string, first: number, count: number, more: object = {}) => ({
  stream,
  events: switches(first, count).map(toWire),
  ...more
})

/** Status and document of an answer. */
async function outcome(response: Promise<Response>): Promise<{ status: number; [field: string]: unknown }> {
  const { status, ...rest } = await response.then(async (one) => ({
    status: one.status,
    body: await one.json()
  }))
  return { ...(rest.body as object), status }
}

describe('appending over HTTP', () => {
  it('stores a batch, and skips what is known', async () => {
    expect(await outcome(service.post('/v1/events', body('a/1', 1, 3)))).toMatchObject({
      status: 200,
      appended: 3,
      skipped: 0,
      revision: 3
    })
    expect(await outcome(service.post('/v1/events', body('a/1', 2, 3)))).toMatchObject({
      status: 200,
      appended: 1,
      skipped: 2,
      revision: 4
    })
    const stored = await collect(service.log.read({ stream: 'a/1' }))
    expect(stored).toMatchObject([switched(1), switched(2), switched(3), switched(4)])
  })

  it('holds to the expected revision', async () => {
    expect(
      await outcome(service.post('/v1/events', body('b/1', 11, 1, { expectedRevision: 'no-stream' })))
    ).toMatchObject({ status: 200, revision: 1 })
    expect(
      await outcome(service.post('/v1/events', body('b/1', 12, 1, { expectedRevision: 'no-stream' })))
    ).toMatchObject({ status: 409, type: 'urn:klplog:problem:expected-revision', actual: 1 })
    expect(
      await outcome(service.post('/v1/events', body('b/1', 12, 1, { expectedRevision: 7 })))
    ).toMatchObject({ status: 409, expected: 7, actual: 1 })
    expect(
      await outcome(service.post('/v1/events', body('b/1', 12, 1, { expectedRevision: 1 })))
    ).toMatchObject({ status: 200, revision: 2 })
  })

  it('stores all of a batch or nothing', async () => {
    const events = [toWire(switched(21)), { ...toWire(switched(22)), data: { pid: 'x' } }]
    const refused = await outcome(service.post('/v1/events', { stream: 'c/1', events }))
    expect(refused).toMatchObject({
      status: 422,
      detail: expect.stringContaining('events[1].data') as string
    })
    const unstorable = [
      toWire(switched(21)),
      { ...toWire(switched(22)), evidence: { source: 's', line: 1, raw: '\ud800' } }
    ]
    const illFormed = await outcome(service.post('/v1/events', { stream: 'c/1', events: unstorable }))
    expect(illFormed).toMatchObject({ status: 422, type: 'urn:klplog:problem:invalid-event', index: 1 })
    expect((await service.log.streams()).map(({ stream }) => stream)).not.toContain('c/1')
  })

  it('keeps rejected evidence once', async () => {
    const evidence = [
      { stream: null, source: 'trace.txt', line: 7, reason: 'no time', raw: 'what is this' },
      { stream: 'a/1', source: 'trace.txt', line: 8, reason: 'no time', raw: '\u00ff', latin1: true }
    ]
    expect(await outcome(service.post('/v1/rejected', { evidence }))).toEqual({ status: 200, added: 2 })
    expect(await outcome(service.post('/v1/rejected', { evidence }))).toEqual({ status: 200, added: 0 })
    const page = await service.ask<{ rejected: object[]; next: number | null }>('/v1/rejected?limit=1')
    expect(page.rejected).toMatchObject([evidence[0]])
    const rest = await service.ask<{ rejected: object[] }>(`/v1/rejected?cursor=${page.next}`)
    expect(rest).toMatchObject({ rejected: [evidence[1]], next: null })
    expect(await service.ask('/v1/rejected?stream=a/1')).toMatchObject({ rejected: [evidence[1]] })
  })
})

describe('a body that is not as it should be', () => {
  it.each([
    ['no JSON', '{"stream":', 400, 'is no JSON'],
    ['nothing', '', 400, 'is no JSON'],
    ['another value', '[]', 422, 'expected object'],
    ['a field that nobody knows', JSON.stringify({ ...body('d/1', 1, 1), more: 1 }), 422, 'more'],
    ['no events', JSON.stringify(body('d/1', 1, 0)), 422, 'events'],
    ['no name', JSON.stringify(body('', 31, 1)), 422, 'stream'],
    [
      'too long',
      JSON.stringify(body('d/1', 1, 1, { pad: 'x'.repeat(100_000) })),
      413,
      'more than 100000 bytes'
    ]
  ])('%s', async (_, text, status, detail) => {
    const told = await outcome(service.post('/v1/events', text))
    expect(told).toMatchObject({ status, detail: expect.stringContaining(detail) as string })
  })

  it.each([
    ['another kind', { 'content-type': 'text/plain' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['compressed', { 'content-encoding': 'gzip' }]
  ])('%s', async (_, headers) => {
    expect(await outcome(service.post('/v1/events', body('d/1', 1, 1), headers))).toMatchObject({
      status: 415
    })
  })

  it('not UTF-8, and without an end', async () => {
    const send = (stream: Uint8Array | ReadableStream<Uint8Array>) =>
      service.fetch('/v1/events', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: stream,
        duplex: 'half'
      })
    expect(await outcome(send(new Uint8Array([0x22, 0xff, 0x22])))).toMatchObject({
      status: 400,
      detail: 'the body is not UTF-8'
    })
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(0x20))
    })
    // The answer may come while we still send, and the connection be closed under us.
    const answer = await outcome(send(endless)).catch(() => ({ status: 413 }))
    expect(answer).toMatchObject({ status: 413 })
  })
})
