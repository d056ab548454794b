import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemSchema } from '../../src/server/problem.ts'
import { collect } from '../events/sample-events.ts'
import { anyText, type Document, nearly, type Operation } from './openapi-arbitrary.ts'
import { recordedService, type TestService } from './service.ts'

const admin = 'administrating-001'
const timeoutMs = 20_000

let service: TestService
let document: Document
beforeAll(async () => {
  service = await recordedService('hyb-6f-nop-shadow', {
    tokens: `admin ${admin}\nread reading-token-0001\n`,
    limits: { bodyBytesMax: 50_000, jobsWaitingMax: 3, liveReadersMax: 4, slowReaderMs: 1000 }
  })
  document = await service.ask<Document>('/v1/openapi.json')
})
afterAll(() => service.dispose())

interface Request {
  readonly method: string
  readonly path: string
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly body: { readonly text: string; readonly headers: Readonly<Record<string, string>> } | null
  readonly token: string
}

/** A request to an operation in which any part may be wrong. */
function requestTo(path: string, method: string, operation: Operation): fc.Arbitrary<Request> {
  const { parameters = [], requestBody } = operation
  const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name)
  const aName =
    names.length === 0 ? anyText : fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...names) }, anyText)
  const part = fc.oneof(anyText, fc.constantFrom('98', '@98'))
  const schema = requestBody?.content['application/json']?.schema
  return fc.record({
    method: fc.constant(method.toUpperCase()),
    path: fc
      .array(part, { minLength: 3, maxLength: 3 })
      .map(([one = '']) => path.replaceAll(/\{\w+\}/g, () => encodeLoosely(one))),
    query: fc.array(fc.tuple(aName, anyText), { maxLength: 4 }),
    body: schema === undefined ? fc.constant(null) : bodyOf(nearly(schema, document)),
    token: fc.oneof(
      { weight: 8, arbitrary: fc.constant(admin) },
      fc.constantFrom('reading-token-0001', 'nix', '')
    )
  })
}

/** Honest JSON mostly; else cut off, of another kind, in another encoding, or too long. */
function bodyOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Request['body']> {
  const json = { 'content-type': 'application/json' }
  const text = value.map((one) => JSON.stringify(one))
  return fc.oneof(
    { weight: 8, arbitrary: text.map((one) => ({ text: one, headers: json })) },
    text.map((one) => ({ text: one.slice(0, one.length / 2), headers: json })),
    text.map((one) => ({ text: one, headers: { 'content-type': 'text/plain' } })),
    text.map((one) => ({ text: one, headers: { ...json, 'content-encoding': 'gzip' } })),
    anyText.map((one) => ({ text: one, headers: json })),
    fc.constant({ text: ' '.repeat(50_001), headers: json }),
    fc.constant({ text: '['.repeat(40_000), headers: json })
  )
}

/** A URL cannot hold half of a surrogate pair. */
function encodeLoosely(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
}

async function send({ method, path, query, body, token }: Request): Promise<Response> {
  const search = query.map(([name, value]) => `${encodeLoosely(name)}=${encodeLoosely(value)}`).join('&')
  return service.fetch(`${path}${search === '' ? '' : `?${search}`}`, {
    method,
    headers: { ...body?.headers, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === null ? {} : { body: body.text }),
    signal: AbortSignal.timeout(timeoutMs)
  })
}

/** An answer is one of the two: what was asked for, or a 4xx (or "busy") that says what is wrong. */
async function assertHonest(request: Request): Promise<void> {
  // A connection that was kept alive may be closed just when it is taken again: then a new one is.
  const response = await send(request).catch(() => send(request))
  const { status, headers } = response
  if (headers.get('content-type') === 'text/event-stream') {
    await response.body?.cancel()
    expect(status).toBe(200)
    return
  }
  const text = await response.text()
  if (status < 400) return
  expect(headers.get('content-type')).toBe('application/problem+json')
  const problem = problemSchema.parse(JSON.parse(text))
  expect(problem.status).toBe(status)
  // Too many jobs or live readers are no fault of the service, and it says when to come again.
  if (status === 503) expect(headers.get('retry-after')).toMatch(/^\d+$/)
  else expect(status, text).toBeLessThan(500)
}

describe('whatever is asked', () => {
  it('is answered, or told what is wrong with it, at every endpoint of the document', {
    timeout: 600_000
  }, async () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
    )
    expect(operations.length).toBeGreaterThan(15)
    for (const { path, method, operation } of operations) {
      await fc.assert(fc.asyncProperty(requestTo(path, method, operation), assertHonest), { numRuns: 30 })
    }
    expect(service.logged()).not.toContain('"level":50')
  })

  it('is answered at paths and by methods that the document does not have', async () => {
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND')
    const path = fc.oneof(
      fc.constantFrom(...Object.keys(document.paths)),
      fc.array(anyText, { maxLength: 4 }).map((parts) => `/${parts.map(encodeLoosely).join('/')}`)
    )
    await fc.assert(
      fc.asyncProperty(method, path, async (one, where) => {
        const response = await send({ method: one, path: where, query: [], body: null, token: admin })
        await response.body?.cancel()
        expect(response.status).toBeLessThan(500)
      }),
      { numRuns: 150 }
    )
  })

  it('leaves the log whole', async () => {
    expect(await service.log.verify()).toMatchObject({ ok: true })
    const ids = (await collect(service.log.read({}))).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
