import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'

import { type ServiceOptions, startService } from '../../src/server/index.ts'
import type { Limits } from '../../src/server/limits.ts'
import { temporaryDirectory } from '../cli/command-line.ts'
import { ingestRecording, recordings, temporaryLog } from '../support/recordings.ts'

/** A service in this process, and what it logged. */
export interface TestService {
  readonly url: string
  readonly log: Awaited<ReturnType<typeof temporaryLog>>
  /** Asks, and gives the response. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  /** Asks what has to succeed, and gives the JSON. */
  ask<T = unknown>(path: string, init?: RequestInit): Promise<T>
  readonly post: (
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>
  ) => Promise<Response>
  readonly logged: () => string
  stop(): Promise<void>
  dispose(): Promise<void>
}

interface TestOptions {
  readonly limits?: Partial<Limits>
  /** Lines of the token file. */
  readonly tokens?: string
  readonly options?: Partial<ServiceOptions>
}

/** Tests ask fast and often. */
const fast = { requestsPerSecond: 1e6, requestsBurst: 1e6 }

/** A service on an empty log. */
export async function emptyService(options: TestOptions = {}): Promise<TestService> {
  return serviceOn(await temporaryLog(), options)
}

/** A service on a recording of a real kernel. */
export async function recordedService(name: string, options: TestOptions = {}): Promise<TestService> {
  const recording = recordings().find((one) => one.name === name)
  if (recording === undefined) throw new Error(`no recording ${name}`)
  return serviceOn((await ingestRecording(recording, () => true)).log, options)
}

async function serviceOn(
  log: Awaited<ReturnType<typeof temporaryLog>>,
  { limits = {}, tokens, options = {} }: TestOptions
): Promise<TestService> {
  const directory = temporaryDirectory()
  const tokenFile = tokens === undefined ? null : join(directory.path, 'tokens')
  if (tokenFile !== null) writeFileSync(tokenFile, tokens ?? '', { mode: 0o600 })
  let logged = ''
  const stderr = new Writable({
    write(chunk: Buffer, _, done) {
      logged += chunk.toString()
      done()
    }
  })
  const service = await startService({
    log,
    databasePath: log.path,
    host: '127.0.0.1',
    port: 0,
    tokenFile,
    pagePath: null,
    logLevel: 'info',
    stderr,
    now: () => 1_795_442_400_000_000_000n,
    limits: { ...fast, ...limits },
    ...options
  })
  const ask = (path: string, init?: RequestInit) => fetch(`${service.url}${path}`, init)
  return {
    url: service.url,
    log,
    fetch: ask,
    ask: async <T>(path: string, init?: RequestInit) => {
      const response = await ask(path, init)
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as T
    },
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body)
      }),
    logged: () => logged,
    stop: () => service.stop(),
    dispose: async () => {
      await service.stop()
      await log.dispose()
      rmSync(directory.path, { recursive: true, force: true })
    }
  }
}
