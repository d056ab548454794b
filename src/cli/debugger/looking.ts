import {
  diffStates,
  eventSentence,
  hookRows,
  isSameState,
  positionAsked,
  stackAnswer
} from '../../projections/index.ts'
import { whyHook } from '../../replay/index.ts'
import { diffText } from '../diff-text.ts'
import { UsageError } from '../errors.ts'
import { byWhom, eventHeadline, eventLine, lineWidths } from '../event-output.ts'
import { hookTable } from '../hook-table.ts'
import { counted, toJson, visible } from '../output.ts'
import { stackAnswerText } from '../stack-text.ts'
import type { DebugCommand, Said } from './debug-command.ts'
import { expressionInput, parseExpression } from './expression.ts'
import type { Session } from './session.ts'
import { namesIn } from './stopping.ts'
import { taskTable } from './task-table.ts'

const infos: Readonly<Record<string, (session: Session) => string>> = {
  stack: stackInfo,
  hooks: hooksInfo,
  tasks: (session) => taskTable(session),
  transition: transitionInfo,
  functions: stackInfo,
  breakpoints: breakpointsInfo,
  event: eventInfo
}

/** Commands that show what is here. */
export const looking: readonly DebugCommand[] = [
  {
    name: 'info',
    aliases: ['i'],
    args: Object.keys(infos).join('|'),
    says: 'show the state here',
    repeats: false,
    run: async (session, rest) => {
      const names = Object.keys(infos)
      const fitting = names.filter((name) => name === rest || (rest !== '' && name.startsWith(rest)))
      const show = infos[fitting[0] ?? '']
      if (show === undefined)
        throw new UsageError(`there is no info "${rest}"`, `There are ${names.join(', ')}.`)
      return { text: show(session) }
    },
    complete: () => Object.keys(infos)
  },
  {
    name: 'print',
    aliases: ['p'],
    args: 'EXPRESSION',
    says: 'a JSONata expression on the JSON of the state: print hooks[status="shadowed"].program',
    repeats: false,
    run: print,
    complete: () => ['patches', 'functions', 'hooks', 'tasks', 'transition', 'modules', 'blocked', 'event']
  },
  {
    name: 'diff',
    aliases: [],
    args: '[MOMENT]',
    says: 'what differs here from another moment; from where the last move came by default',
    repeats: false,
    run: diff
  },
  {
    name: 'why',
    aliases: [],
    args: 'PROGRAM',
    says: 'the chain of events that put a hook where it stands',
    repeats: false,
    run: why,
    complete: namesIn
  },
  {
    name: 'list',
    aliases: ['l'],
    args: '[N]',
    says: 'the events around this one; again: those that follow',
    repeats: true,
    run: list
  }
]

function stackInfo(session: Session): string {
  const { app, question, state } = session
  return stackAnswerText(app, question, stackAnswer(question.stream.stream, state))
}

function hooksInfo({ app, question, state }: Session): string {
  const rows = hookRows(state)
  return rows.length === 0 ? 'No BPF program is attached here.' : hookTable(app, question, rows)
}

function transitionInfo(session: Session): string {
  if (session.state.transition === null) return 'No patch is in transition.'
  const text = stackInfo(session)
  return text.slice(text.indexOf('Transition:'))
}

function breakpointsInfo({ stops }: Session): string {
  if (stops.length === 0) return 'No breakpoints or watchpoints.'
  return stops
    .map(({ number, kind, text }) => `${String(number).padStart(3)}  ${kind.padEnd(10)}  ${text}`)
    .join('\n')
}

function eventInfo({ app, cursor }: Session): string {
  const { event } = cursor
  if (event === null) return 'Before the first event.'
  const { source, line, raw, inferred = false } = event.evidence
  const by = byWhom(event)
  return [
    eventHeadline(app, event),
    `    ${visible(eventSentence(event))}`,
    ...(by === null ? [] : [`    by ${visible(by)}`]),
    `data      ${toJson(event.data)}`,
    `evidence  ${visible(source)}:${line}${inferred ? ' (it follows from this line)' : ''}`,
    `          ${visible(raw)}`
  ].join('\n')
}

async function print({ question, cursor, state }: Session, rest: string): Promise<Said> {
  if (rest === '') throw new UsageError('print needs an expression', 'print transition.patch')
  const input = expressionInput(question.stream.stream, state, cursor.event)
  const value = await parseExpression(rest).of(input)
  return { text: value === undefined ? 'nothing' : toJson(value, true) }
}

async function diff(session: Session, rest: string): Promise<Said> {
  const { app, question, cursor, state } = session
  const place =
    rest === ''
      ? session.cameFrom
      : cursor.placeOf(await positionAsked(app.asker, question.log, question.stream, rest))
  const other = cursor.stateAt(place)
  const [before, after] = place <= cursor.place ? [other, state] : [state, other]
  const found = diffStates(before, after)
  if (isSameState(found))
    return { text: `Nothing differs between @${before.position} and @${after.position}.` }
  return { text: diffText(app, question, before, after, found) }
}

async function why({ app, cursor, state }: Session, program: string): Promise<Said> {
  const causes = whyHook(cursor, program)
  if (causes === null) {
    const attached = state.hooks.map((hook) => hook.program).join(', ')
    throw new UsageError(
      `"${program}" is not attached here`,
      attached === ''
        ? 'Nothing is. `break hook PROGRAM` stops where it is attached.'
        : `Attached are: ${attached}.`
    )
  }
  const lines = causes.flatMap(({ event, now }) => {
    const by = byWhom(event)
    return [
      eventHeadline(app, event),
      `    ${visible(eventSentence(event))}${by === null ? '' : app.colors.dim(` (by ${visible(by)})`)}`,
      ...(now === null ? [] : [`    ${app.colors.bold(`${program}: ${visible(now)}`)}`])
    ]
  })
  return { text: lines.join('\n') }
}

async function list(session: Session, rest: string): Promise<Said> {
  const { app, question, cursor } = session
  const count = /^[1-9]\d{0,3}$/.test(rest) ? Number(rest) : 10
  const from = session.listedTo ?? Math.max(cursor.place - Math.ceil(count / 2), 0)
  const events = cursor.history.slice(from, from + count)
  session.listedTo = from + events.length
  if (events.length === 0)
    return { text: `The history has ${counted(cursor.end, 'event')}; this was its end.` }
  const widths = lineWidths(question.stream)
  const lines = events.map((event, n) => {
    const mark = from + n + 1 === cursor.place ? app.colors.green('=>') : '  '
    return `${mark} ${eventLine(app, event, widths)}`
  })
  return { text: lines.join('\n') }
}
