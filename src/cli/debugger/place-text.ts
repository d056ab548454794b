import { diffStates, eventSentence, unsureOf } from '../../projections/index.ts'
import { type Arrival, changeLines } from '../../replay/index.ts'
import { byWhom, eventHeadline } from '../event-output.ts'
import { visible } from '../output.ts'
import type { Session } from './session.ts'

/** The event at the cursor, and what it changed. */
export function placeText(session: Session): string {
  const { app, cursor, state, branch } = session
  const { event } = cursor
  const { dim, green, red, yellow, magenta } = app.colors
  const where = branch.leftAt === null ? '' : magenta(`[${branch.name}] `)
  if (event === null) {
    return branch.leftAt === null
      ? 'Before the first event: nothing is loaded.'
      : `${where}Where it leaves the recorded history, behind @${state.position}.`
  }
  const by = byWhom(event)
  const lines = [`${where}${eventHeadline(app, event)}`, `    ${visible(eventSentence(event))}`]
  if (by !== null) lines.push(dim(`    by ${visible(by)}`))
  const before = cursor.stateAt(cursor.place - 1)
  const changes = changeLines({ before, after: state, changes: diffStates(before, state) })
  const paint = { '+': green, '-': red, '~': yellow }
  for (const line of changes) {
    const color = paint[line.charAt(0) as '+' | '-' | '~'] ?? String
    lines.push(`  ${color(visible(line))}`)
  }
  const unsure = unsureOf(state, 'patches', 'hooks')
  if (unsure !== null) lines.push(yellow(`    unsure: ${visible(unsure)}`))
  if (cursor.place === cursor.end) lines.push(dim('    (the last event)'))
  return lines.join('\n')
}

/** Which stops held the walk, and why. */
export function hitsText(session: Session, hits: Arrival['hits']): string[] {
  return hits.map(({ stop, why }) => {
    const { kind, number, text } = session.stops[stop] ?? { kind: 'breakpoint', number: 0, text: '' }
    const word = kind === 'breakpoint' ? 'Breakpoint' : 'Watchpoint'
    return session.app.colors.cyan(visible(`${word} ${number}, ${text}: ${why}`))
  })
}
