import { type Command, Option } from 'commander'
import type { ReadQuery, SqliteLog, StreamInfo } from '../events/index.ts'
import type { TimeRange } from '../projections/index.ts'
import type { App } from './app.ts'
import { UsageError } from './errors.ts'
import { type Moment, momentForms, parseMoment } from './moment.ts'
import { seconds, wallTime } from './output.ts'

/** What `withAt` has commander parse. */
export interface AtOptions {
  readonly at?: string
}

/** What `withRange` has commander parse. */
export interface RangeOptions {
  readonly since?: string
  readonly start?: string
  readonly until?: string
  readonly end?: string
}

/** Adds `--at`. */
export function withAt(command: Command): Command {
  return command.option('--at <time>', `the moment to ask about: ${momentForms} Default: the last event.`)
}

/** Adds `--since` and `--until`, and what ausearch calls them. */
export function withRange(command: Command): Command {
  return command
    .option('-S, --since <time>', 'from this moment on (also --start); written as --at is')
    .option('-U, --until <time>', 'up to this moment (also --end)')
    .addOption(new Option('--start <time>').hideHelp())
    .addOption(new Option('--end <time>').hideHelp())
}

/** The position that `--at` means for a stream: its last event's where nothing was asked. */
export async function positionAt(
  app: App,
  log: SqliteLog,
  stream: StreamInfo,
  { at }: AtOptions
): Promise<number> {
  if (at === undefined) return stream.lastPosition
  const moment = parse(app, at)
  switch (moment.kind) {
    case 'end':
      return stream.lastPosition
    case 'position':
      await assertPosition(log, moment.position)
      return moment.position
    case 'uptime':
      return log.positionAt(stream.stream, moment.ns)
    case 'wall': {
      const bootNs = await requireBootTime(log, stream, at)
      if (moment.ns < bootNs) throw beforeBoot(app, at, stream, bootNs)
      return log.positionAt(stream.stream, moment.ns - bootNs)
    }
  }
}

/** A range in both of its forms: for reading events, and for spans, which know only times. */
export interface StreamRange {
  readonly events: Pick<ReadQuery, 'after' | 'upTo' | 'sinceNs' | 'untilNs'>
  readonly times: TimeRange
}

/** What `--since` and `--until` mean for a stream. */
export async function rangeOf(
  app: App,
  log: SqliteLog,
  stream: StreamInfo,
  options: RangeOptions
): Promise<StreamRange> {
  const since = options.since ?? options.start
  const until = options.until ?? options.end
  const from = since === undefined ? {} : await bound(app, log, stream, since, 'since')
  const to = until === undefined ? {} : await bound(app, log, stream, until, 'until')
  const events = { ...from.events, ...to.events }
  const times = { ...from.times, ...to.times }
  if (times.sinceNs !== undefined && times.untilNs !== undefined && times.sinceNs > times.untilNs) {
    throw new UsageError(`--since ${since} is later than --until ${until}`, 'Exchange them.')
  }
  return { events, times }
}

/** Where a wall time is looked for at either end of a stream: an ingest that knew it gave it to all it told. */
const searchedEvents = 1000

/** Wall time of the stream's uptime 0, from an event that knows both; null when none does. */
export async function bootTimeOf(log: Pick<SqliteLog, 'read'>, stream: StreamInfo): Promise<bigint | null> {
  if (stream.lastWallNs !== null) return stream.lastWallNs - stream.lastNs
  for (const backwards of [false, true]) {
    for await (const page of log.read({ stream: stream.stream, backwards, limit: searchedEvents })) {
      for (const { wallNs, uptimeNs } of page) if (wallNs !== null) return wallNs - uptimeNs
    }
  }
  return null
}

function parse(app: App, text: string): Moment {
  return parseMoment(text, { nowNs: app.io.now(), utc: app.utc })
}

async function bound(
  app: App,
  log: SqliteLog,
  stream: StreamInfo,
  text: string,
  side: 'since' | 'until'
): Promise<Partial<StreamRange>> {
  const moment = parse(app, text)
  if (moment.kind === 'end') {
    return side === 'until'
      ? {}
      : { events: { after: stream.lastPosition }, times: { sinceNs: stream.lastNs } }
  }
  if (moment.kind === 'position') {
    await assertPosition(log, moment.position)
    const ns = await timeAt(log, stream, moment.position)
    return side === 'since'
      ? { events: { after: Math.max(moment.position - 1, 0) }, times: { sinceNs: ns } }
      : { events: { upTo: moment.position }, times: { untilNs: ns } }
  }
  const bootNs = moment.kind === 'wall' ? await requireBootTime(log, stream, text) : 0n
  const times = { [`${side}Ns`]: moment.ns > bootNs ? moment.ns - bootNs : 0n }
  return { events: times, times }
}

/** Uptime of the stream's last event at or before the position; 0 when there is none. */
async function timeAt(log: SqliteLog, stream: StreamInfo, position: number): Promise<bigint> {
  const query = { stream: stream.stream, upTo: position, backwards: true, limit: 1 }
  for await (const [event] of log.read(query)) return event?.uptimeNs ?? 0n
  return 0n
}

async function assertPosition(log: SqliteLog, position: number): Promise<void> {
  const head = Math.max(0, ...(await log.streams()).map((info) => info.lastPosition))
  if (position <= head) return
  throw new UsageError(`there is no event @${position}`, `The log ends at @${head}.`)
}

async function requireBootTime(log: SqliteLog, stream: StreamInfo, asked: string): Promise<bigint> {
  const bootNs = await bootTimeOf(log, stream)
  if (bootNs !== null) return bootNs
  throw new UsageError(
    `"${asked}" needs the wall time at which ${stream.stream} booted, which no evidence tells`,
    'Ask by time since boot (+21.5) or by @POSITION; or ingest into a new database with --boot-time.'
  )
}

function beforeBoot(app: App, asked: string, stream: StreamInfo, bootNs: bigint): UsageError {
  return new UsageError(
    `"${asked}" is before the boot of ${stream.stream}, at ${wallTime(bootNs, app)}`,
    `Its events end at ${wallTime(bootNs + stream.lastNs, app)}, +${seconds(stream.lastNs)} since boot.`
  )
}
