import type { KernelState, StateDiff } from '../projections/index.ts'
import type { App } from './app.ts'
import { diffSections } from './diff-lines.ts'
import { visible } from './output.ts'
import type { Question } from './question.ts'

/** What differs between two states, as diff(1) marks it. */
export function diffText(
  app: App,
  { times }: Pick<Question, 'times'>,
  before: KernelState,
  after: KernelState,
  found: StateDiff
): string {
  const { bold, red, green } = app.colors
  const lines = [
    bold(`--- @${before.position} ${times.long(before.uptimeNs)}`),
    bold(`+++ @${after.position} ${times.long(after.uptimeNs)}`)
  ]
  const colored = (line: string) =>
    line.startsWith('+') ? green(line) : line.startsWith('-') ? red(line) : line
  for (const { head, changes } of diffSections(found)) {
    lines.push(bold(head), ...changes.map(visible).map(colored))
  }
  return lines.join('\n')
}
