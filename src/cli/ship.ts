import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import {
  type IngestSummary,
  ingest as ingestJob,
  Shipment,
  type Shipped,
  Spool
} from '../collectors/index.ts'
import type { App } from './app.ts'
import { type ExitCode, exitCodes, InputError, UsageError } from './errors.ts'
import type { PlannedIngest } from './ingest-plan.ts'
import type { Io } from './io.ts'
import { counted, table } from './output.ts'
import { byteProgress } from './progress.ts'

/** Where an ingest ships to, as it was typed. */
export interface ShipOptions {
  readonly to?: string
  readonly tokenFile?: string
  readonly spool?: string
  readonly retryFor?: bigint
}

/** What became of one stream's evidence that was shipped, as `klplog ingest --to -o json` gives it. */
export type ShipReport = Omit<IngestSummary, 'appended' | 'alreadyKnown'> & {
  /** Events that were put into the spool now. */
  readonly spooled: number
  /** Events that the service acknowledged earlier, or that wait already: they are not sent again. */
  readonly alreadySpooled: number
  readonly bootTimeNs: bigint | null
  readonly skippedFiles: readonly string[]
}

/** What `klplog ingest --to -o json` gives. */
export interface ShipAnswer {
  readonly to: string
  readonly streams: readonly ShipReport[]
  readonly shipped: Shipped
  /** Why not all has arrived; null when it has. */
  readonly trouble: string | null
}

const retryForDefaultNs = 30_000_000_000n

/** Interprets the evidence here, and ships what it means to a service, through a spool. */
export async function shipAll(
  app: App,
  planned: readonly PlannedIngest[],
  to: string,
  options: ShipOptions
): Promise<ShipAnswer> {
  const url = serviceUrl(to)
  const stop = new AbortController()
  const stopListening = app.io.onInterrupt(() => stop.abort())
  const spool = Spool.open(options.spool ?? spoolDirectory(app.io.env, url), url)
  const shipment = new Shipment({
    destination: { url, token: options.tokenFile === undefined ? null : readToken(options.tokenFile) },
    spool,
    patienceMs: Number((options.retryFor ?? retryForDefaultNs) / 1_000_000n),
    random: Math.random,
    nowMs: () => performance.now(),
    stop: stop.signal
  })
  try {
    const streams = await ingestInto(app, shipment, planned, stop.signal)
    const shipped = await shipment.finish()
    return { to: url, streams, shipped, trouble: shipment.trouble }
  } finally {
    spool.close()
    stopListening()
  }
}

async function ingestInto(
  app: App,
  shipment: Shipment,
  planned: readonly PlannedIngest[],
  stop: AbortSignal
): Promise<ShipReport[]> {
  const sizes = planned.flatMap(({ job }) => job.sources.map(({ source }) => source.sizeBytes ?? 0))
  const progress = byteProgress(
    app.io,
    'ingest',
    sizes.reduce((sum, size) => sum + size, 0)
  )
  const streams: ShipReport[] = []
  try {
    for (const { job, evidence } of planned) {
      if (stop.aborted) break
      const onBytes = (bytes: number) => progress.add(bytes)
      const summary = await ingestJob(shipment, { ...job, onBytes, isStopped: () => stop.aborted })
      const { appended: spooled, alreadyKnown: alreadySpooled, ...rest } = summary
      streams.push({
        ...rest,
        spooled,
        alreadySpooled,
        bootTimeNs: job.bootTimeNs,
        skippedFiles: evidence.skipped
      })
    }
  } finally {
    progress.stop()
  }
  return streams
}

function serviceUrl(text: string): string {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') {
    return url.href.replace(/\/+$/, '')
  }
  throw new UsageError(`--to "${text}" is no address of a service`, 'Write http://HOST:7657.')
}

function readToken(path: string): string {
  const token = readFileSync(path, 'utf8').trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new InputError(`${path} holds no token`, 'It has to hold one word, the token for append.')
}

/** In the XDG state directory, one for each service. */
function spoolDirectory(env: Io['env'], url: string): string {
  const { XDG_STATE_HOME: given, HOME: home = homedir() } = env
  const base = given !== undefined && isAbsolute(given) ? given : join(home, '.local', 'state')
  const name = createHash('sha256').update(url).digest('hex').slice(0, 16)
  return join(base, 'klplog', 'spool', name)
}

/** A line a stream. */
export function shipTable(app: App, { streams }: ShipAnswer): string {
  const right = (head: string) => ({ head, align: 'right' }) as const
  const heads = ['EVENTS', 'KNOWN', 'LINES', 'USED', 'CONFIRMING', 'UNRELATED', 'REJECTED'].map(right)
  return table(
    app,
    [{ head: 'STREAM' }, ...heads, { head: 'POLICY' }],
    streams.map((one) => [
      { value: one.stream, color: app.colors.cyan },
      one.spooled,
      one.alreadySpooled,
      one.lines,
      one.usedLines,
      one.confirmingLines,
      one.unrelatedLines,
      one.rejectedLines,
      `${one.policy ?? 'unknown'} (${one.policyFrom})`
    ])
  )
}

/** Says on standard error what has arrived and what has not; gives the exit code. */
export async function tellShipped(
  app: App,
  { to, shipped, trouble }: ShipAnswer
): Promise<ExitCode | undefined> {
  const { appended, alreadyKnown, waiting, refused } = shipped
  await app.note(`${to} took ${counted(appended, 'new event')} and knew ${alreadyKnown}`)
  if (refused > 0) {
    await app.warn(
      `${to} refused ${refused} of what was sent`,
      "They are in the spool's directory `refused`, with the reason beside them."
    )
  }
  if (waiting > 0) {
    await app.warn(
      `${waiting} wait in the spool: ${to}: ${trouble ?? 'stopped'}`,
      'The next `klplog ingest --to` sends them first.'
    )
    return exitCodes.store
  }
  return refused > 0 ? exitCodes.badInput : undefined
}
