import { type Command, InvalidArgumentError } from 'commander'
import type { SqliteLog, StreamInfo } from '../events/index.ts'
import {
  type KernelState,
  positionAsked,
  rangeAsked,
  seconds,
  stateAt,
  type TimeRange
} from '../projections/index.ts'
import type { App } from './app.ts'
import { withLog } from './database.ts'
import { UsageError } from './errors.ts'
import { type OutputOptions, printAnswer, wallTime, withOutput } from './output.ts'
import { type AtOptions, type RangeOptions, rangeOptions, withAt, withRange } from './stream-time.ts'
import { type StreamOptions, selectStream, withStream } from './streams.ts'

/** What every question about one stream is asked with. */
export type QuestionOptions = OutputOptions & StreamOptions

/** One stream of the open log, and how to tell its times. */
export interface Question {
  readonly log: SqliteLog
  readonly stream: StreamInfo
  readonly times: StreamTimes
}

/** Adds the options that choose a stream and a format. */
export function withQuestion(command: Command): Command {
  return withOutput(withStream(command))
}

/** Runs `answer` on the stream that the options choose. */
export function ask(
  app: App,
  options: QuestionOptions,
  answer: (question: Question) => Promise<void>
): Promise<undefined> {
  return withLog(app, async (log) => {
    const stream = await selectStream(log, options)
    await answer({ log, stream, times: new StreamTimes(app, stream) })
    return undefined
  })
}

/** The state that `--at` asks about. */
export async function stateAsked(
  app: App,
  { log, stream }: Question,
  { at }: AtOptions
): Promise<KernelState> {
  return stateAt(log, stream.stream, await positionAsked(app.asker, log, stream, at))
}

/** Adds `--at` to a question about a range: what overlaps that moment. */
export function withRangeOrAt(command: Command): Command {
  return withAt(withRange(command))
}

/** The times that `--since` and `--until`, or `--at`, ask about. */
export async function timesAsked(
  app: App,
  { log, stream }: Question,
  options: RangeOptions & AtOptions
): Promise<TimeRange> {
  const { at, since, start, until, end } = options
  if (at === undefined) return (await rangeAsked(app.asker, log, stream, rangeOptions(options))).times
  if ([since, start, until, end].some((one) => one !== undefined)) {
    throw new UsageError('--at is one moment, --since and --until are a range', 'Give one or the other.')
  }
  return (await rangeAsked(app.asker, log, stream, { since: at, until: at })).times
}

/** Prints rows; where there are none, says why on standard error. */
export async function printRowsOr<Row>(
  app: App,
  options: OutputOptions,
  rows: readonly Row[],
  asTable: () => string,
  nothing: string
): Promise<void> {
  if (rows.length > 0) return printAnswer(app, options, rows, asTable)
  await app.note(nothing)
  if (options.json === true || options.output === 'json') await app.print('[]')
}

/** Adds `--task`. */
export function withTask(command: Command, what: string): Command {
  return command.option('--task <pid>', what, (text) => {
    if (/^\d{1,9}$/.test(text)) return Number(text)
    throw new InvalidArgumentError('Give the number of a thread.')
  })
}

/** How the times of one stream are shown: on the wall clock where its evidence has one, else since the boot. */
export class StreamTimes {
  readonly #app: App
  readonly #bootNs: bigint | null

  constructor(app: App, { lastWallNs, lastNs }: StreamInfo) {
    this.#app = app
    this.#bootNs = lastWallNs === null ? null : lastWallNs - lastNs
  }

  /** One form, for a column; `--at` takes either. */
  short(ns: bigint | string): string {
    return this.#bootNs === null ? `+${seconds(ns)}` : wallTime(this.#bootNs + BigInt(ns), this.#app)
  }

  /** All that is known, for a headline. */
  long(ns: bigint | string): string {
    return this.#bootNs === null ? `+${seconds(ns)}` : `${this.short(ns)} (+${seconds(ns)})`
  }
}
