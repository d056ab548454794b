import { eventTypes, type StoredEvent } from '../../events/index.ts'
import { type EventsAsked, isNamed, openFilter, stackText } from '../../projections/index.ts'
import {
  functionValue,
  historyViolations,
  hookValue,
  invariants,
  stopAtPositions,
  stopOnChange,
  stopOnEvent
} from '../../replay/index.ts'
import { UsageError } from '../errors.ts'
import type { Question } from '../question.ts'
import type { DebugCommand, Said } from './debug-command.ts'
import { parseExpression } from './expression.ts'
import { whereTold } from './opened-stops.ts'
import type { AskedStop, Branch, Session } from './session.ts'

const statuses = ['active', 'partial', 'shadowed', 'stale', 'gone']

const forms = `break TYPE | break patch NAME | break function NAME | break task PID | break hook PROGRAM [STATUS] |
break invariant ID | break if EXPRESSION`

/** Commands that say where to stop. */
export const stopping: readonly DebugCommand[] = [
  {
    name: 'break',
    aliases: ['b'],
    args: 'WHAT',
    says: 'stop at a type of event, at a patch, function, task or hook, where an invariant breaks, or if ...',
    repeats: false,
    run: async (session, rest) => added(session, await breakpointOf(session, rest)),
    complete: (session) => [
      ...eventTypes,
      'patch',
      'function',
      'task',
      'hook',
      'invariant',
      'if',
      ...namesIn(session),
      ...statuses
    ]
  },
  {
    name: 'watch',
    aliases: [],
    args: 'function NAME | hook PROGRAM | EXPRESSION',
    says: 'stop where what calls of a function run, where a hook stands, or a value changes; then reverse-continue tells where it last did',
    repeats: false,
    run: async (session, rest) => added(session, watchpointOf(rest)),
    complete: (session) => ['function', 'hook', ...namesIn(session)]
  },
  {
    name: 'delete',
    aliases: ['d'],
    args: '[N...]',
    says: 'delete breakpoints and watchpoints by their numbers, or all',
    repeats: false,
    run: remove
  }
]

/** Names of patches, functions and programs that the history tells of. */
export function namesIn({ cursor }: Session): string[] {
  const names = new Set<string>()
  for (const { data } of cursor.history) {
    if ('patch' in data) names.add(data.patch)
    if ('program' in data) names.add(data.program)
    if ('objects' in data)
      for (const object of data.objects ?? []) for (const func of object.functions) names.add(func.name)
  }
  return [...names]
}

async function added(session: Session, stop: AskedStop): Promise<Said> {
  const { number, kind, text } = session.addStop(stop)
  return { text: `${kind === 'breakpoint' ? 'Breakpoint' : 'Watchpoint'} ${number}: ${text}` }
}

async function breakpointOf({ question }: Session, rest: string): Promise<AskedStop> {
  const [word = '', name = '', status] = rest.split(/\s+/)
  const make = (text: string, opened: AskedStop['make']): AskedStop => ({
    kind: 'breakpoint',
    text,
    make: opened
  })
  const needs = (what: string) => {
    if (name === '') throw new UsageError(`break ${word} needs ${what}`, forms)
    return name
  }
  const events = async (asked: EventsAsked) => {
    const fits = await eventsOf(question, asked)
    return make(rest, () => stopOnEvent(rest, fits))
  }
  switch (word) {
    case '':
      throw new UsageError('break needs to know what to stop at', forms)
    case 'patch':
      return events({ patch: [needs('the name of a patch')] })
    case 'function':
      return make(rest, functionStop(rest, needs('the name of a function')))
    case 'task': {
      const pid = Number(needs('a pid'))
      if (!Number.isSafeInteger(pid)) throw new UsageError(`"${name}" is no pid`, forms)
      return events({ task: pid })
    }
    case 'hook':
      return make(rest, hookStop(rest, needs('the name of a program'), status))
    case 'invariant':
      return make(rest, invariantStop(rest, needs('the id of an invariant')))
    case 'if': {
      const expression = parseExpression(rest.slice(2).trim())
      return make(rest, (branch, stream) => whereTold(branch, stream, expression, 'breakpoint'))
    }
    default:
      return events({ type: [rest] })
  }
}

/** The events that `klplog log` would show. */
async function eventsOf(
  { log, stream }: Question,
  asked: EventsAsked
): Promise<Parameters<typeof stopOnEvent>[1]> {
  const { query, passes } = await openFilter(log, stream.stream, asked)
  const types = query.types === undefined ? null : new Set(query.types)
  return (event) => (types === null || types.has(event.type)) && passes(event as StoredEvent)
}

/** At what changes the function's stack, not only at events that name it. */
function functionStop(text: string, name: string): AskedStop['make'] {
  return () =>
    stopOnChange(text, (state) =>
      [...state.stacks]
        .filter(([key]) => isNamed(key, name))
        .map(([, stack]) => stackText(stack))
        .join('; ')
        .replace(/^$/, stackText([]))
    )
}

function hookStop(text: string, program: string, status: string | undefined): AskedStop['make'] {
  if (status !== undefined && !statuses.includes(status)) {
    throw new UsageError(`"${status}" is no status of a hook`, `They are ${statuses.join(', ')}.`)
  }
  const wanted = status === undefined ? null : (value: string) => value.startsWith(status)
  return () => stopOnChange(text, (state) => hookValue(state, program), wanted)
}

function invariantStop(text: string, id: string): AskedStop['make'] {
  if (!invariants.some((one) => one.id === id)) {
    throw new UsageError(
      `there is no invariant "${id}"`,
      `They are ${invariants.map((one) => one.id).join(', ')}.`
    )
  }
  return ({ cursor }: Branch) => {
    const all = historyViolations(cursor.history, cursor.stateAt(0))
    const found = all.filter(({ invariant }) => invariant === id)
    return stopAtPositions(text, new Map(found.map((one) => [one.position, `${id}: ${one.text}`])))
  }
}

function watchpointOf(rest: string): AskedStop {
  const [word = '', name = ''] = rest.split(/\s+/)
  if (rest === '')
    throw new UsageError('watch needs something to watch', 'watch function NAME, watch hook PROGRAM')
  const make = (opened: AskedStop['make']): AskedStop => ({ kind: 'watchpoint', text: rest, make: opened })
  if (word === 'function' && name !== '') {
    return make(() => stopOnChange(rest, (state) => functionValue(state, name)))
  }
  if (word === 'hook' && name !== '') {
    return make(() => stopOnChange(rest, (state) => hookValue(state, name)))
  }
  const expression = parseExpression(rest)
  return make((branch, stream) => whereTold(branch, stream, expression, 'watchpoint'))
}

async function remove(session: Session, rest: string): Promise<Said> {
  const numbers = rest.split(/\s+/).filter((word) => word !== '')
  const unknown = numbers.find((word) => !session.stops.some(({ number }) => String(number) === word))
  if (unknown !== undefined) {
    throw new UsageError(`there is no breakpoint or watchpoint ${unknown}`, '`info breakpoints` lists them.')
  }
  const kept = session.stops.filter(({ number }) => numbers.length > 0 && !numbers.includes(String(number)))
  const gone = session.stops.length - kept.length
  session.stops.splice(0, session.stops.length, ...kept)
  return { text: `${gone} deleted.` }
}
