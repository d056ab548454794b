import { blockingOf, blockingRows, type TransitionWait } from '../../projections/index.ts'
import { type App, indented } from '../app.ts'
import { defineCommand } from '../command.ts'
import { counted, table, visible } from '../output.ts'
import {
  ask,
  printRowsOr,
  type Question,
  type QuestionOptions,
  timesAsked,
  withQuestion,
  withRangeOrAt
} from '../question.ts'
import type { AtOptions, RangeOptions } from '../stream-time.ts'
import { blockedText, doing, durationText, milliseconds } from '../wording.ts'

type BlockingOptions = QuestionOptions & RangeOptions & AtOptions & { readonly patch?: string }

/** `klplog blocking`: whom transitions waited for. */
export const blocking = defineCommand<BlockingOptions>({
  name: 'blocking',
  group: 'Questions:',
  summary: 'show which tasks transitions waited for, why, and for how long',
  description: `Shows which tasks transitions waited for, from the first try that failed to the task's own switch,
a force, or the transition's end.`,
  examples: [
    'klplog blocking',
    'klplog blocking --at +25        who blocks just then',
    'klplog blocking --patch lp_busy -o json'
  ],
  define: (command) => {
    withRangeOrAt(withQuestion(command)).option('--patch <name>', 'only transitions of this patch')
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const { log, stream } = question
      const range = await timesAsked(app, question, options)
      const all = (await blockingOf(log, stream.stream, range)).filter(
        ({ patch }) => options.patch === undefined || patch === options.patch
      )
      const waits = all.filter(({ tasks }) => tasks.length > 0)
      const known = all.some(({ switched }) => switched > 0)
      const nothing =
        all.length === 0
          ? 'No transition was under way.'
          : `${counted(all.length, 'transition')}, and ${known ? 'none had to wait for a task' : 'no evidence of its tasks'}.`
      await printRowsOr(
        app,
        options,
        waits.flatMap(blockingRows),
        () => textOf(app, question, waits),
        nothing
      )
    })
})

function textOf(app: App, question: Question, waits: readonly TransitionWait[]): string {
  return waits
    .map((wait) => `${headline(app, question, wait)}\n${taskTable(app, question, wait)}`)
    .join('\n\n')
}

function headline(app: App, { stream, times }: Question, wait: TransitionWait): string {
  const { patch, goal, fromNs, toNs, switched, forcedNs, signaledNs, unsure } = wait
  const lasted =
    toNs === null
      ? `under way for ${durationText(stream.lastNs - fromNs)}`
      : `took ${durationText(toNs - fromNs)}`
  const parts = [
    `${app.colors.bold(visible(patch))}: ${doing(goal)} transition at ${times.long(fromNs)}`,
    lasted,
    `${counted(switched, 'task')} switched`,
    ...(signaledNs === null ? [] : [`signaled at ${times.short(signaledNs)}`]),
    ...(forcedNs === null ? [] : [`forced at ${times.short(forcedNs)}`]),
    ...(unsure === null ? [] : [app.colors.yellow(`unsure: ${visible(unsure)}`)])
  ]
  return parts.join('; ')
}

function taskTable(app: App, { stream, times }: Question, { tasks }: TransitionWait): string {
  const columns = [
    { head: 'PID', align: 'right' },
    { head: 'COMM' },
    { head: 'BLOCKED BECAUSE IT' },
    { head: 'FROM' },
    { head: 'MS', align: 'right' },
    { head: 'TRIES', align: 'right' },
    { head: 'UNTIL' }
  ] as const
  const text = table(
    app,
    columns,
    tasks.map((task) => [
      task.pid,
      task.comm,
      blockedText(task.reason, task.function),
      times.short(task.fromNs),
      task.toNs === null
        ? `>${milliseconds(stream.lastNs - task.fromNs)}`
        : milliseconds(task.toNs - task.fromNs),
      task.tries,
      task.endedBy === null ? { value: 'still blocked', color: app.colors.red } : endings[task.endedBy]
    ])
  )
  return indented(text)
}

const endings = {
  switched: 'it switched',
  forced: 'the force',
  transition: 'the transition ended'
} as const
