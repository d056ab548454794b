import { type RunRow, runRow, runsOf } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { neverPatched } from '../functions.ts'
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
import { functionText, milliseconds } from '../wording.ts'

interface RunOptions extends QuestionOptions, RangeOptions, AtOptions {
  readonly function: string
  readonly task?: number
}

/** `klplog runs`: what calls of a function ran. */
export const runs = defineCommand<RunOptions>({
  name: 'runs',
  group: 'Questions:',
  summary: 'show what calls of a function ran over time, and which hook they reached',
  description: `Shows what calls of a function ran over time: a patch's version or the original, and which BPF
program they reached. Without --task, a transition has two rows, for the tasks that have switched and
for those that have not.`,
  examples: [
    'klplog runs --function __x64_sys_getpgrp',
    'klplog runs --function __x64_sys_getpgrp --task 226 --since +19 --until +31',
    'klplog runs --function vmlinux:cmdline_proc_show --at +25 -o json'
  ],
  define: (command) => {
    withTask(withRangeOrAt(withQuestion(command)), 'what this task ran').requiredOption(
      '--function <name>',
      'the patched function: NAME, OBJECT:NAME or OBJECT:NAME,SYMPOS'
    )
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const { log, stream } = question
      const range = await timesAsked(app, question, options)
      const found = await runsOf(log, stream.stream, options.function, options.task ?? null, range)
      const rows = found.map(runRow)
      const nothing = rows.length > 0 ? null : await neverPatched(question, options.function)
      await printRowsOr(app, options, rows, () => textOf(app, question, rows), nothing ?? 'No call.')
    })
})

function textOf(app: App, { times }: Question, rows: readonly RunRow[]): string {
  const several = new Set(rows.map((row) => row.function)).size > 1
  const heads = [
    ...(several ? ['FUNCTION'] : []),
    'FROM',
    'TO',
    'MS',
    ...(rows.some(({ tasks }) => tasks !== 'all') ? ['TASKS'] : []),
    'CALLS RUN',
    'HOOK',
    ...(rows.some(({ unsure }) => unsure !== null) ? ['UNSURE BECAUSE'] : [])
  ]
  return table(
    app,
    heads.map((head) => ({ head, align: head === 'MS' ? 'right' : 'left' })),
    rows.map((row) => {
      const cells: Record<string, string | null> = {
        FUNCTION: functionText(row.function),
        FROM: times.short(row.fromNs),
        TO: row.toNs === null ? 'still' : times.short(row.toNs),
        MS: row.toNs === null ? null : milliseconds(BigInt(row.toNs) - BigInt(row.fromNs)),
        TASKS: row.tasks,
        'CALLS RUN': row.version,
        HOOK: row.hook,
        'UNSURE BECAUSE': row.unsure
      }
      return heads.map((head) => cells[head] ?? null)
    })
  )
}
