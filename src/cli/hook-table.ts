import type { HookRow } from '../projections/index.ts'
import type { App } from './app.ts'
import { table } from './output.ts'
import type { Question } from './question.ts'
import { hookPlace, marked } from './wording.ts'

/** The hook table as people read it. */
export function hookTable(app: App, { times }: Pick<Question, 'times'>, rows: readonly HookRow[]): string {
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
