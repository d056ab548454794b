import { type GapRow, gapRow, gapsOf, readSpans } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { takeoverText } from '../gap-rows.ts'
import { table } from '../output.ts'
import {
  ask,
  printRowsOr,
  type Question,
  type QuestionOptions,
  timesAsked,
  withQuestion,
  withRangeOrAt,
  withTask
} from '../question.ts'
import type { AtOptions, RangeOptions } from '../stream-time.ts'
import { milliseconds } from '../wording.ts'

interface GapOptions extends QuestionOptions, RangeOptions, AtOptions {
  readonly task?: number
  readonly hook?: string
}

/** `klplog gaps`: when attached programs were not reached. */
export const gaps = defineCommand<GapOptions>({
  name: 'gaps',
  group: 'Questions:',
  summary: 'show when attached BPF programs were not reached, and why',
  description: `Shows when attached BPF programs were not reached, and why: for one task, or from the first task
that lost the program to the last one that had it back.`,
  examples: [
    'klplog gaps',
    'klplog gaps --hook ov1 --task 226',
    'klplog gaps --since +20 --until +31 -o json'
  ],
  define: (command) => {
    withTask(withRangeOrAt(withQuestion(command)), 'for the calls of this task').option(
      '--hook <program>',
      'only gaps of this program'
    )
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const { log, stream } = question
      const range = await timesAsked(app, question, options)
      const all = await gapsOf(log, stream.stream, options.task ?? null, range)
      const rows = all
        .filter(({ program }) => options.hook === undefined || program === options.hook)
        .map(gapRow)
      const nothing = rows.length > 0 ? '' : await whyNone(question, options.hook)
      await printRowsOr(app, options, rows, () => textOf(app, question, rows), nothing)
    })
})

async function whyNone({ log, stream }: Question, hook: string | undefined): Promise<string> {
  const programs = new Set((await readSpans(log, stream.stream, 'hook')).map(({ value }) => value.program))
  if (programs.size === 0) return `No BPF program was attached in ${stream.stream}.`
  if (hook === undefined) return 'No gap: every attached program was reached.'
  if (programs.has(hook)) return `No gap: ${hook} was reached while it was attached.`
  return `${hook} was never attached in ${stream.stream}. These were: ${[...programs].sort().join(', ')}.`
}

function textOf(app: App, { stream, times }: Question, rows: readonly GapRow[]): string {
  const unsure = rows.some((row) => row.unsure !== null)
  const heads = ['PROGRAM', 'FUNCTION', 'FROM', 'TO', 'MS', 'REASON', 'TAKEN OVER BY']
  if (unsure) heads.push('UNSURE BECAUSE')
  return table(
    app,
    heads.map((head) => ({ head, align: head === 'MS' ? 'right' : 'left' })),
    rows.map((row) => [
      row.program,
      row.function,
      times.short(row.fromNs),
      row.toNs === null ? { value: 'still', color: app.colors.red } : times.short(row.toNs),
      row.durationNs === null
        ? `>${milliseconds(stream.lastNs - BigInt(row.fromNs))}`
        : milliseconds(BigInt(row.durationNs)),
      // The first cause is what somebody did; what followed from it is in the JSON.
      row.reason.split('; then ')[0] ?? '',
      takeoverText(row),
      ...(unsure ? [row.unsure] : [])
    ])
  )
}
