import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '../../src/events/index.ts'
import { switches } from '../events/sample-events.ts'
import { emptyService, type TestService } from './service.ts'

let service: TestService
beforeAll(async () => {
  service = await emptyService({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } })
})
afterAll(() => service.dispose())

/** What a connection is answered that sends this and then nothing. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return answer
}

describe('clients that do not speak as they should', () => {
  it.each([
    ['no HTTP', 'what is this\r\n\r\n', 400],
    ['headers without an end', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}`, 431],
    ['half a request', 'GET /v1/streams HTTP/1.1\r\nhost: loc', 408],
    [
      'half a body',
      'POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
      408
    ]
  ])('%s', async (_, bytes, status) => {
    const answer = await raw(bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain('application/problem+json')
    expect(answer).toContain(`"status":${status}`)
  })

  it('half-open ones are let go', async () => {
    expect(await raw('')).toMatch(/^(HTTP\/1.1 408 |$)/)
  })
})

describe('every answer', () => {
  it.each(['/healthz', '/v1/streams', '/v1/nix', '/'])('of %s keeps a browser from more', async (path) => {
    const { headers } = await service.fetch(path)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each([
    ['POST', '/v1/streams', 'GET'],
    ['DELETE', '/v1/events', 'GET, POST'],
    ['PUT', '/v1/jobs/x', 'GET, DELETE'],
    ['OPTIONS', '/v1/state', 'GET']
  ])('to %s %s says what could be done', async (method, path, allow) => {
    const response = await service.fetch(path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await response.json()).toMatchObject({ status: 405 })
  })

  it('is counted', async () => {
    await service.fetch('/v1/streams')
    const text = await (await service.fetch('/metrics')).text()
    expect(text).toMatch(/klplog_http_requests_total\{route="\/v1\/streams",method="GET",status="200"\} \d+/)
    expect(text).toMatch(/klplog_http_request_seconds_bucket/)
    expect(text).toMatch(/klplog_process_resident_memory_bytes \d+/)
  })
})

describe('a stop', () => {
  it('finishes what is under way, and loses nothing that was acknowledged', async () => {
    const stopping = await emptyService()
    const acknowledged: number[] = []
    const send = async () => {
      for (let n = 1; n < 2000; n++) {
        const body = { stream: 'a/1', events: switches(n, 1).map(toWire) }
        const response = await stopping.post('/v1/events', body).catch(() => null)
        if (response === null || response.status === 503) return
        expect(response.status).toBe(200)
        acknowledged.push(n)
      }
    }
    const sending = send()
    while (acknowledged.length < 20) await new Promise((resolve) => setTimeout(resolve, 2))
    await stopping.stop()
    await sending
    // The answer to the last one may not have come through.
    const revision = (await stopping.log.streams())[0]?.revision ?? 0
    expect(revision - acknowledged.length).toBeGreaterThanOrEqual(0)
    expect(revision - acknowledged.length).toBeLessThanOrEqual(1)
    await expect(stopping.fetch('/healthz')).rejects.toThrow()
    await stopping.log.dispose()
  })
})
