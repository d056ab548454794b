import { positionAsked } from '../../projections/index.ts'
import { continueBack, continueTo } from '../../replay/index.ts'
import { UsageError } from '../errors.ts'
import type { DebugCommand, Said } from './debug-command.ts'
import { openStops } from './opened-stops.ts'
import { hitsText, placeText } from './place-text.ts'
import type { Session } from './session.ts'

/** Commands that go to another place. */
export const moving: readonly DebugCommand[] = [
  {
    name: 'step',
    aliases: ['s', 'n', 'next'],
    args: '[N]',
    says: 'go on to the next event, or by N events',
    repeats: true,
    run: (session, rest) => step(session, countOf(rest))
  },
  {
    name: 'reverse-step',
    aliases: ['rs', 'rn', 'reverse-next'],
    args: '[N]',
    says: 'go back to the event before, or by N events',
    repeats: true,
    run: (session, rest) => step(session, -countOf(rest))
  },
  {
    name: 'continue',
    aliases: ['c', 'run', 'r'],
    args: '',
    says: 'go on to the next event that a breakpoint or a watchpoint stops at, or to the end',
    repeats: true,
    run: (session) => walk(session, 'forth')
  },
  {
    name: 'reverse-continue',
    aliases: ['rc'],
    args: '',
    says: 'go back to the last event that a breakpoint or a watchpoint stops at, or to the beginning',
    repeats: true,
    run: (session) => walk(session, 'back')
  },
  {
    name: 'goto',
    aliases: ['g', 'jump'],
    args: 'MOMENT',
    says: 'go to @POSITION, +UPTIME, a time, `start` or `end`',
    repeats: false,
    run: goto
  },
  {
    name: 'where',
    aliases: ['w'],
    args: '',
    says: 'show the event here once more, with what it changed',
    repeats: false,
    run: async (session) => ({ text: placeText(session) })
  }
]

function countOf(rest: string): number {
  if (rest === '') return 1
  if (/^[1-9]\d{0,9}$/.test(rest)) return Number(rest)
  throw new UsageError(`"${rest}" is no number of events`, 'Give a whole number: step 10')
}

async function step(session: Session, count: number): Promise<Said> {
  const { cursor } = session
  const before = cursor.place
  session.move(() => {
    cursor.step(count)
    return undefined
  })
  if (cursor.place === before) {
    return { text: count > 0 ? 'The history ends here.' : 'The history begins here.' }
  }
  return { text: placeText(session) }
}

async function walk(session: Session, way: 'forth' | 'back'): Promise<Said> {
  const { cursor } = session
  const stops = await openStops(session)
  const hits = session.move(() => (way === 'forth' ? continueTo(cursor, stops) : continueBack(cursor, stops)))
  const end = way === 'forth' ? 'The history ends here.' : 'The history begins here.'
  const why = hits.length > 0 ? hitsText(session, hits) : [end]
  return { text: [...why, placeText(session)].join('\n') }
}

async function goto(session: Session, rest: string): Promise<Said> {
  const { app, question, cursor } = session
  if (rest === '') throw new UsageError('goto needs a moment', 'goto @98, goto +21.5, goto start, goto end')
  let place = 0
  if (rest === 'end' || rest === 'now') place = cursor.end
  else if (rest.startsWith('@') && /^@\d{1,15}$/.test(rest)) place = cursor.placeOf(Number(rest.slice(1)))
  else if (rest !== 'start' && rest !== 'boot') {
    place = cursor.placeOf(await positionAsked(app.asker, question.log, question.stream, rest))
  }
  session.move(() => {
    cursor.goto(place)
    return undefined
  })
  return { text: placeText(session) }
}
