import { chmodSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { toWire } from '../../src/events/index.ts'
import { RateLimit } from '../../src/server/access/rate.ts'
import { Tokens } from '../../src/server/access/tokens.ts'
import { ServiceError } from '../../src/server/index.ts'
import { temporaryDirectory } from '../cli/command-line.ts'
import { switches } from '../events/sample-events.ts'
import { emptyService, type TestService } from './service.ts'

const services: TestService[] = []
afterEach(async () => {
  for (const service of services.splice(0)) await service.dispose()
})

async function started(options: Parameters<typeof emptyService>[0]): Promise<TestService> {
  const service = await emptyService(options)
  services.push(service)
  return service
}

const tokens = `# Who may what.
read   reading-token-0001 dashboard

append appending-token-01 host1
admin  administrating-001
`
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

describe('a service with tokens', () => {
  it('lets each role do what is its own', async () => {
    const { fetch, post, logged } = await started({ tokens })
    const body = { stream: 'a/1', events: switches(1, 1).map(toWire) }
    const status = async (token: string) => [
      (await fetch('/v1/streams', bearer(token))).status,
      (await post('/v1/events', body, bearer(token).headers)).status,
      (await post('/v1/jobs', { kind: 'rebuild' }, bearer(token).headers)).status
    ]
    expect(await status('reading-token-0001')).toEqual([200, 403, 403])
    expect(await status('appending-token-01')).toEqual([403, 200, 403])
    expect(await status('administrating-001')).toEqual([200, 200, 202])
    expect((await fetch('/metrics')).status).toBe(401)
    expect((await fetch('/healthz')).status).toBe(200)
    for (const word of ['reading-token', 'appending-token', 'administrating']) {
      expect(logged()).not.toContain(word)
    }
  })

  it.each([
    ['none', {}],
    ['another', bearer('reading-token-0002')],
    ['a part of one', bearer('reading-token-000')],
    ['of another scheme', { headers: { authorization: 'Basic reading-token-0001' } }],
    ['empty', { headers: { authorization: 'Bearer ' } }],
    ['two', { headers: { authorization: 'Bearer reading-token-0001 reading-token-0001' } }]
  ])('refuses a token that is %s', async (_, init) => {
    const { fetch } = await started({ tokens })
    const response = await fetch('/v1/streams', init)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="klplog"')
    expect(await response.json()).toMatchObject({ status: 401, type: 'urn:klplog:problem:unauthorized' })
  })
})

describe('a service without tokens', () => {
  it('is for the loopback address only', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
      await expect(emptyService({ options: { host } })).rejects.toThrow(ServiceError)
    }
  })

  it('does not answer to a name that another site gave it', async () => {
    const { url } = await started({})
    const status = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(`${url}/v1/streams`, { headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await status('localhost:7657')).toBe(200)
    expect(await status('evil.example')).toBe(421)
    expect(await status('127.0.0.1.evil.example')).toBe(421)
  })
})

describe('the token file', () => {
  it.each([
    ['nothing in it', '# nobody\n', 'no token is in it'],
    [
      'a role that there is not',
      'write 0123456789abcdef\n',
      'line 1 does not begin with read, append, admin'
    ],
    ['a token that is short', 'read 0123456789abcdef\nread short\n', 'the token of line 2 has less than 16']
  ])('with %s', async (_, text, message) => {
    const error = await emptyService({ tokens: text }).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(ServiceError)
    expect((error as Error).message).toContain(message)
    expect((error as Error).message).not.toMatch(/0123456789abcdef|short$/)
  })

  it('is for its owner alone', async () => {
    const directory = temporaryDirectory()
    const tokenFile = join(directory.path, 'tokens')
    writeFileSync(tokenFile, tokens)
    chmodSync(tokenFile, 0o644)
    await expect(emptyService({ options: { tokenFile } })).rejects.toThrow('others than its owner may read')
    directory.remove()
  })

  it('names whose token it is', () => {
    const known = Tokens.parse(tokens)
    expect(known.find('reading-token-0001')).toEqual({ name: 'dashboard', role: 'read' })
    expect(known.find('administrating-001')).toEqual({ name: 'admin@5', role: 'admin' })
    expect(known.find('')).toBeNull()
  })
})

describe('the limit of requests', () => {
  it('is each client’s own, and time gives back', () => {
    let nowMs = 0
    const limit = new RateLimit(10, 2, () => nowMs)
    expect([limit.take('a'), limit.take('a'), limit.take('b')]).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: true }
    ])
    expect(limit.take('a')).toEqual({ ok: false, afterSeconds: 1 })
    nowMs = 100
    expect(limit.take('a')).toEqual({ ok: true })
    expect(limit.take('a').ok).toBe(false)
  })

  it('is told with when to come again', async () => {
    const { fetch } = await started({ limits: { requestsPerSecond: 0.001, requestsBurst: 2 } })
    const statuses = [await fetch('/v1/streams'), await fetch('/v1/streams'), await fetch('/v1/streams')]
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(statuses[2]?.headers.get('retry-after')).toMatch(/^\d+$/)
    expect((await fetch('/healthz')).status).toBe(200)
  })
})
