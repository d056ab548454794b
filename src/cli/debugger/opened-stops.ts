import { type Stop, stopAtPositions } from '../../replay/index.ts'
import { toJson } from '../output.ts'
import { type Expression, expressionInput } from './expression.ts'
import type { AskedStop, Branch, NumberedStop, Session } from './session.ts'

/** The session's stops, made ready for the history that it walks in. */
export async function openStops(session: Session): Promise<Stop[]> {
  const opened: Stop[] = []
  for (const stop of session.stops) opened.push(await openStop(session, stop))
  return opened
}

async function openStop({ branch, question }: Session, stop: NumberedStop): Promise<Stop> {
  const known = branch.opened.get(stop.number)
  if (known !== undefined) return known
  const made = await stop.make(branch, question.stream.stream)
  branch.opened.set(stop.number, made)
  return made
}

/** Stops where an expression becomes true, or for a watchpoint where its value changes. */
export async function whereTold(
  { cursor }: Branch,
  stream: string,
  expression: Expression,
  kind: AskedStop['kind']
): Promise<Stop> {
  const here = cursor.place
  const reasons = new Map<number, string>()
  let before = ''
  // It answers later, so it is asked behind every event once, and not while the cursor walks.
  for (let place = 0; place <= cursor.end; place += 1) {
    cursor.goto(place)
    const { state, event } = cursor
    const value = await expression.of(expressionInput(stream, state, event))
    const now = kind === 'breakpoint' ? String(isTrue(value)) : (toJson(value) ?? 'nothing')
    if (event !== null && now !== before && (kind === 'watchpoint' || now === 'true')) {
      reasons.set(event.position, kind === 'watchpoint' ? `${before} -> ${now}` : 'it is true from here on')
    }
    before = now
  }
  cursor.goto(here)
  return stopAtPositions(expression.text, reasons)
}

/** As JSONata's own $boolean(): empty things are false. */
function isTrue(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isTrue) : Boolean(value)
}
