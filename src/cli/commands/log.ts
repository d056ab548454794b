import { type Command, InvalidArgumentError } from 'commander'
import { concatMap, lastValueFrom, Observable, takeUntil } from 'rxjs'
import type { ReadQuery, StoredEvent } from '../../events/index.ts'
import { type EventsAsked, eventRow, openFilter, rangeAsked } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { type ExitCode, exitCodes, UsageError } from '../errors.ts'
import { eventLine, eventText, lineWidths } from '../event-output.ts'
import { formatOf, printRows } from '../output.ts'
import { ask, type Question, type QuestionOptions, withQuestion, withTask } from '../question.ts'
import { type RangeOptions, rangeOptions, withRange } from '../stream-time.ts'

interface LogOptions extends QuestionOptions, RangeOptions, EventsAsked {
  readonly lines?: number
  readonly reverse?: boolean
  readonly oneline?: boolean
  readonly follow?: boolean
}

/** `klplog log`: the events, and what they mean. */
export const log = defineCommand<LogOptions>({
  name: 'log',
  group: 'Questions:',
  summary: 'show what happened, event by event',
  description: `Shows what happened, event by event, oldest first. Filters of one kind are alternatives; filters
of different kinds must all fit.`,
  examples: [
    'klplog log --oneline --without task',
    'klplog log --patch lp_hook --since +20 --until +31',
    'klplog log --type hook,patch.replaced -n 20',
    'klplog log --function __x64_sys_getpgrp -r',
    'klplog log -f -o jsonl          what comes from now on, also from another process'
  ],
  define,
  run: async (app, options) => {
    let exitCode: ExitCode | undefined
    assertFits(options)
    await ask(app, options, async (question) => {
      exitCode = await answer(app, options, question)
    })
    return exitCode
  }
})

function define(command: Command): void {
  withRange(withQuestion(command))
    .option('-t, --type <type>', 'only events of this type, or group of types: hook, patch.enabled', collect)
    .option('--without <type>', 'no events of this type or group', collect)
    .option('--patch <name>', 'only events about this patch', collect)
    .option('--function <name>', 'only events about this function: NAME or OBJECT:NAME', collect)
    .option('--module <name>', 'only events about this module', collect)
    .option('--hook <program>', 'only events about this BPF program', collect)
  withTask(command, 'only events about this task, or by it')
    .option('-n, --lines <count>', 'only the newest ones', parseCount)
    .option('-r, --reverse', 'newest first')
    .option('--oneline', 'one line for each event')
    .option('-f, --follow', 'the newest 10, then what comes, until Ctrl-C')
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a number of events.')
}

function assertFits(options: LogOptions): void {
  if (options.follow !== true) return
  if (formatOf(options) === 'json') {
    throw new UsageError('an array that goes on for ever is no JSON', 'Use -o jsonl with -f.')
  }
  if (options.reverse === true || (options.until ?? options.end) !== undefined) {
    throw new UsageError('-f goes on with what comes, -r and --until end', 'Give one or the other.')
  }
}

async function answer(app: App, options: LogOptions, question: Question): Promise<ExitCode | undefined> {
  const { log: events, stream } = question
  const filter = await openFilter(events, stream.stream, options)
  const { passes } = filter
  const { events: range } = await rangeAsked(app.asker, events, stream, rangeOptions(options))
  const query: ReadQuery = { stream: stream.stream, ...range, ...filter.query }
  const asked = options.since ?? options.start
  const lines = options.lines ?? (options.follow === true && asked === undefined ? 10 : undefined)
  let last = stream.lastPosition
  let found = 0
  const shown = mapPages(chosen(question, query, passes, lines, options), (page) => {
    last = Math.max(last, page.at(-1)?.position ?? 0)
    found += page.length
    return page
  })
  await print(app, options, question, shown)
  if (options.follow === true) return follow(app, options, question, { after: last, query, passes })
  if (found === 0) await app.note(`No event of ${stream.stream} fits.`)
  return undefined
}

/** The events that pass, in the order asked for; of `lines` only the newest. */
async function* chosen(
  { log: events }: Question,
  query: ReadQuery,
  passes: (event: StoredEvent) => boolean,
  lines: number | undefined,
  { reverse = false }: LogOptions
): Pages<StoredEvent> {
  if (lines === undefined) {
    for await (const page of events.read({ ...query, backwards: reverse })) yield page.filter(passes)
    return
  }
  const newest: StoredEvent[] = []
  for await (const page of lines === 0 ? [] : events.read({ ...query, backwards: true })) {
    newest.push(...page.filter(passes).slice(0, lines - newest.length))
    if (newest.length >= lines) break
  }
  yield reverse ? newest : newest.reverse()
}

function print(
  app: App,
  options: LogOptions,
  { stream }: Question,
  pages: Pages<StoredEvent>
): Promise<number> {
  if (formatOf(options) !== 'table') {
    return printRows(
      app,
      options,
      mapPages(pages, (page) => page.map(eventRow)),
      () => ''
    )
  }
  const widths = lineWidths(stream)
  return printRows(app, options, pages, (event) =>
    options.oneline === true ? eventLine(app, event, widths) : eventText(app, event)
  )
}

type Pages<T> = AsyncIterable<readonly T[]>

async function* mapPages<A, B>(pages: Pages<A>, map: (page: readonly A[]) => readonly B[]): Pages<B> {
  for await (const page of pages) yield map(page)
}

/** Prints what comes until Ctrl-C. */
async function follow(
  app: App,
  options: LogOptions,
  question: Question,
  from: { after: number; query: ReadQuery; passes: (event: StoredEvent) => boolean }
): Promise<ExitCode> {
  const { log: events, stream } = question
  const { types } = from.query
  let exitCode: ExitCode = exitCodes.fine
  const interrupted = new Observable<void>((subscriber) =>
    app.io.onInterrupt(() => {
      exitCode = exitCodes.interrupted
      subscriber.next()
    })
  )
  const printed = events
    .subscribe({ stream: stream.stream, after: from.after, ...(types === undefined ? {} : { types }) })
    .pipe(
      takeUntil(interrupted),
      concatMap((page) => print(app, options, question, onePage(page.filter(from.passes))))
    )
  await lastValueFrom(printed, { defaultValue: undefined })
  return exitCode
}

async function* onePage(page: readonly StoredEvent[]): Pages<StoredEvent> {
  yield page
}
