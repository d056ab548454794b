import { type HookRow, hookRowsAt } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { table } from '../output.ts'
import {
  ask,
  printRowsOr,
  type Question,
  type QuestionOptions,
  stateAsked,
  withQuestion
} from '../question.ts'
import { type AtOptions, withAt } from '../stream-time.ts'
import { hookPlace, marked } from '../wording.ts'

/** `klplog hooks`: which programs are attached, and whether calls reach them. */
export const hooks = defineCommand<QuestionOptions & AtOptions>({
  name: 'hooks',
  group: 'Questions:',
  summary: 'show the attached BPF programs, and whether calls reach them',
  examples: [
    'klplog hooks',
    'klplog hooks --at +25',
    'klplog hooks -o json | jq \'.[] | select(.status != "active")\''
  ],
  define: (command) => {
    withAt(withQuestion(command)).addHelpText('after', statuses)
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const { log, stream, times } = question
      const state = await stateAsked(app, question, options)
      const rows = await hookRowsAt(log, stream.stream, state)
      const nothing = `No BPF program is attached at @${state.position}, ${times.long(state.uptimeNs)}.`
      await printRowsOr(app, options, rows, () => textOf(app, question, rows), nothing)
    })
})

const statuses = `
Statuses:
  active    every call reaches it
  partial   its patch is in transition: only the calls of some tasks reach it
  shadowed  another patch's version, or a nop, lies over the function that it is on
  stale     the patch that it is on is disabled or replaced, its module still loaded
  gone      its module is unloaded: the probe is [GONE] for good`

function textOf(app: App, { times }: Question, rows: readonly HookRow[]): string {
  const { green, yellow, red } = app.colors
  const looks: Readonly<Record<string, readonly ['✓' | '✗' | '⧗', (text: string) => string]>> = {
    active: ['✓', green],
    partial: ['⧗', yellow]
  }
  const heads = ['PROGRAM', 'KIND', 'ON', 'STATUS', 'SINCE', 'OVERRIDES', 'REACHED BY', 'WHY']
  const text = table(
    app,
    heads.map((head) => ({ head })),
    rows.map((row) => {
      const [mark, color] = looks[row.status] ?? (['✗', red] as const)
      return [
        row.program,
        row.kind,
        hookPlace(row),
        { value: marked(app, mark, row.status), color },
        times.short(row.since),
        row.overrides ?? '?',
        reaches[row.reach] ?? row.reach,
        row.reason
      ]
    })
  )
  const unsure = rows.find((row) => row.unsure !== null)?.unsure
  return unsure === undefined ? text : `${text}\n${yellow(`Unsure: ${unsure}.`)}`
}

const reaches: Readonly<Record<string, string>> = {
  all: 'all tasks',
  none: 'no task',
  switched: 'switched tasks',
  unswitched: 'unswitched tasks'
}
