import { readFileSync, statSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import type { SqliteLog } from '../events/index.ts'
import { type Asker, utc } from '../projections/index.ts'
import { type Access, isLoopbackAddress } from './access/access.ts'
import { RateLimit } from './access/rate.ts'
import { Tokens } from './access/tokens.ts'
import { createApp } from './app.ts'
import { closeGracefully, createHttpServer, listen } from './http-server.ts'
import { Jobs } from './jobs/jobs.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { Feed } from './live/feed.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { readPage } from './routes/page.ts'

/** What every endpoint has. */
export interface Service {
  readonly log: SqliteLog
  readonly limits: Limits
  readonly access: Access
  readonly metrics: Metrics
  readonly logger: Logger
  readonly feed: Feed
  readonly jobs: Jobs
  readonly asker: () => Asker
  readonly isStopping: () => boolean
}

/** How a service is started. */
export interface ServiceOptions {
  /** Open for writing, with the projections' read models. */
  readonly log: SqliteLog
  /** Where the log's database is, for jobs, which open it themselves. */
  readonly databasePath: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Lines of `ROLE TOKEN [NAME]`. Null: no tokens, which is only for an address that no other host reaches. */
  readonly tokenFile: string | null
  /** The page's file; null: there is no page. */
  readonly pagePath: string | null
  readonly logLevel: string
  /** Where the structured log goes. */
  readonly stderr: Writable
  readonly limits?: Partial<Limits>
  /** Ns since the epoch. */
  readonly now: () => bigint
}

/** A service that listens. */
export interface RunningService {
  readonly url: string
  /** Stops without losing what was acknowledged; the log stays open. */
  stop(): Promise<void>
}

/** The service cannot be started as asked. */
export class ServiceError extends Error {
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.hint = hint
  }
}

/**
 * Starts the HTTP service on an open log.
 * @throws ServiceError when it cannot listen there, or must not without tokens
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { log, host, port } = options
  const limits = { ...defaultLimits, ...options.limits }
  let stopping = false
  const service: Service = {
    log,
    limits,
    access: accessOf(options, limits),
    metrics: createMetrics(),
    logger: pino(
      { level: options.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
      options.stderr
    ),
    feed: new Feed(log),
    jobs: new Jobs(options.databasePath, limits, options.now),
    asker: () => askerAt(options.now()),
    isStopping: () => stopping
  }
  const app = createApp(service, readPage(options.pagePath))
  const server = createHttpServer(app.fetch, limits)
  const address = await listen(server, host, port).catch((error: unknown) => {
    throw cannotListen(host, port, error)
  })
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const url = `http://${name}:${address.port}`
  service.logger.info({ url }, 'listening')
  return {
    url,
    stop: async () => {
      stopping = true
      service.logger.info('stopping')
      service.feed.end()
      await service.jobs.stop()
      await closeGracefully(server, limits.stopMs)
      service.logger.info('stopped')
    }
  }
}

/** HTTP's way of asking: times are in UTC, options are parameters. */
function askerAt(nowNs: bigint): Asker {
  return {
    nowNs,
    zone: utc,
    wallTime: (ns) => new Date(Number(ns / 1_000_000n)).toISOString(),
    option: (name) => name
  }
}

function accessOf({ host, tokenFile }: ServiceOptions, limits: Limits): Access {
  const rate = new RateLimit(limits.requestsPerSecond, limits.requestsBurst, () => performance.now())
  if (tokenFile !== null) return { tokens: readTokens(tokenFile), rate }
  if (isLoopbackAddress(host)) return { tokens: null, rate }
  throw new ServiceError(
    `${host} can be reached from other hosts, and there are no tokens`,
    'Give --token-file, or listen on 127.0.0.1.'
  )
}

function readTokens(path: string): Tokens {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new ServiceError(`others than its owner may read ${path}`, `Do chmod 600 ${path}.`)
    }
    return Tokens.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof ServiceError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new ServiceError(
      `${path} cannot be used as a token file: ${why}`,
      'It has a line for each token: read, append or admin, then the token, then a name for it.',
      { cause: error }
    )
  }
}

function cannotListen(host: string, port: number, error: unknown): ServiceError {
  const { code } = error as NodeJS.ErrnoException
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process does already',
    EADDRNOTAVAIL: 'this host has no such address',
    EACCES: 'only root may use ports below 1024',
    ENOTFOUND: 'there is no such name'
  }
  return new ServiceError(
    `cannot listen on ${host}:${port}: ${why[code ?? ''] ?? String(error)}`,
    'Give another --listen or --port; --port 0 takes any that is free.',
    { cause: error }
  )
}
