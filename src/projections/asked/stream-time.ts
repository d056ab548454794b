import type { ReadModelSource, ReadQuery, StreamInfo } from '../../events/index.ts'
import type { TimeRange } from '../span-reader.ts'
import type { Asker } from './asker.ts'
import { seconds } from './duration.ts'
import { parseMoment } from './moment.ts'
import { QuestionError } from './question-error.ts'

/** What is asked of a log to know what a moment means. */
type Source = Pick<ReadModelSource, 'read' | 'positionAt' | 'streams'>

/** The position that a moment means for a stream: its last event's where nothing was asked. */
export async function positionAsked(
  asker: Asker,
  log: Source,
  stream: StreamInfo,
  at: string | undefined
): Promise<number> {
  if (at === undefined) return stream.lastPosition
  const moment = parseMoment(at, asker)
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
      if (moment.ns < bootNs) throw beforeBoot(asker, at, stream, bootNs)
      return log.positionAt(stream.stream, moment.ns - bootNs)
    }
  }
}

/** A range in both of its forms: for reading events, and for spans, which know only times. */
export interface StreamRange {
  readonly events: Pick<ReadQuery, 'after' | 'upTo' | 'sinceNs' | 'untilNs'>
  readonly times: TimeRange
}

/** A range of time as it was asked for. */
export interface RangeAsked {
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** What `since` and `until` mean for a stream. */
export async function rangeAsked(
  asker: Asker,
  log: Source,
  stream: StreamInfo,
  { since, until }: RangeAsked
): Promise<StreamRange> {
  const lower = since === undefined ? {} : await bound(asker, log, stream, since, 'since')
  const upper = until === undefined ? {} : await bound(asker, log, stream, until, 'until')
  const events = { ...lower.events, ...upper.events }
  const times = { ...lower.times, ...upper.times }
  if (times.sinceNs !== undefined && times.untilNs !== undefined && times.sinceNs > times.untilNs) {
    const [from, to] = [asker.option('since'), asker.option('until')]
    throw new QuestionError(`${from} ${since} is later than ${to} ${until}`, 'Exchange them.')
  }
  return { events, times }
}

/** Where a wall time is looked for at either end of a stream: an ingest that knew it gave it to all it told. */
const searchedEvents = 1000

/** Wall time of the stream's uptime 0, from an event that knows both; null when none does. */
export async function bootTimeOf(
  log: Pick<ReadModelSource, 'read'>,
  stream: StreamInfo
): Promise<bigint | null> {
  if (stream.lastWallNs !== null) return stream.lastWallNs - stream.lastNs
  for (const backwards of [false, true]) {
    for await (const page of log.read({ stream: stream.stream, backwards, limit: searchedEvents })) {
      for (const { wallNs, uptimeNs } of page) if (wallNs !== null) return wallNs - uptimeNs
    }
  }
  return null
}

async function bound(
  asker: Asker,
  log: Source,
  stream: StreamInfo,
  text: string,
  side: 'since' | 'until'
): Promise<Partial<StreamRange>> {
  const moment = parseMoment(text, asker)
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
async function timeAt(log: Source, stream: StreamInfo, position: number): Promise<bigint> {
  const query = { stream: stream.stream, upTo: position, backwards: true, limit: 1 }
  for await (const [event] of log.read(query)) return event?.uptimeNs ?? 0n
  return 0n
}

async function assertPosition(log: Source, position: number): Promise<void> {
  const head = Math.max(0, ...(await log.streams()).map((info) => info.lastPosition))
  if (position <= head) return
  throw new QuestionError(`there is no event @${position}`, `The log ends at @${head}.`)
}

async function requireBootTime(log: Source, stream: StreamInfo, asked: string): Promise<bigint> {
  const bootNs = await bootTimeOf(log, stream)
  if (bootNs !== null) return bootNs
  throw new QuestionError(
    `"${asked}" needs the wall time at which ${stream.stream} booted, which no evidence tells`,
    'Ask by time since boot (+21.5) or by @POSITION; or ingest into a new database with --boot-time.'
  )
}

function beforeBoot(asker: Asker, asked: string, stream: StreamInfo, bootNs: bigint): QuestionError {
  const { lastNs } = stream
  return new QuestionError(
    `"${asked}" is before the boot of ${stream.stream}, at ${asker.wallTime(bootNs)}`,
    `Its events end at ${asker.wallTime(bootNs + lastNs)}, +${seconds(lastNs)} since boot.`
  )
}
