import { errnoName } from '../../projections/index.ts'
import {
  Cursor,
  type ForkChange,
  forkHistory,
  historyWorld,
  kernelFaults,
  NoSuchTask,
  NoSuchWay,
  operationsOf,
  readSingleStep,
  rulesOf,
  ScenarioError,
  stepTitle
} from '../../replay/index.ts'
import { UsageError } from '../errors.ts'
import { counted } from '../output.ts'
import type { DebugCommand, Said } from './debug-command.ts'
import { placeText } from './place-text.ts'
import type { Branch, Session } from './session.ts'

const policies = Object.keys(rulesOf) as (keyof typeof rulesOf)[]

/** Commands that leave the recorded history: from here on the model of the kernel tells what happens. */
export const forking: readonly DebugCommand[] = [
  {
    name: 'inject',
    aliases: [],
    args: 'STEP | FAULT [WAY]',
    says: 'fork the history here: this happens now, then what was recorded. STEP is one of a scenario (force: lp_x), FAULT one of `klplog replay`',
    repeats: false,
    run: inject,
    complete: () => [
      ...kernelFaults.map(({ name }) => name),
      'force:',
      'disable:',
      'enable:',
      'rmmod:',
      'insmod:',
      'attach:',
      'detach:',
      'replaceable:'
    ]
  },
  {
    name: 'skip',
    aliases: [],
    args: '',
    says: 'fork the history here: the next operation does not happen',
    repeats: false,
    run: async (session) => fork(session, { kind: 'skip' }, 'without the next operation')
  },
  {
    name: 'policy',
    aliases: [],
    args: policies.join('|'),
    says: 'fork the history here: another policy decides from now on',
    repeats: false,
    run: async (session, rest) => {
      const policy = policies.find((one) => one === rest)
      if (policy === undefined)
        throw new UsageError(`there is no policy "${rest}"`, `They are ${policies.join(', ')}.`)
      return fork(session, { kind: 'policy', policy }, `under ${policy}`)
    },
    complete: () => policies
  },
  {
    name: 'branch',
    aliases: [],
    args: '[NAME]',
    says: 'go back to the recorded history, or to a fork of it; without a name: which there are',
    repeats: false,
    run: async (session, rest) => ({ text: rest === '' ? branchList(session) : enter(session, rest) }),
    complete: ({ branches }) => branches.map(({ name }) => name)
  }
]

async function inject(session: Session, rest: string): Promise<Said> {
  if (rest === '')
    throw new UsageError('inject needs a step', 'inject force: lp_x; inject {attach: ov, to: lp_x:f}')
  const [name = '', ...way] = rest.split(/\s+/)
  const fault = kernelFaults.find((one) => one.name === name)
  try {
    if (fault !== undefined) {
      const variant = way.length === 0 ? null : way.join(' ')
      return fork(session, { kind: 'fault', fault, variant }, `with ${rest}`)
    }
    const spec = readSingleStep(rest)
    const title = stepTitle(spec)
    return fork(
      session,
      { kind: 'inject', title, operations: (tasks) => operationsOf(spec, tasks) },
      `with ${title}`
    )
  } catch (error) {
    if (error instanceof ScenarioError) {
      throw new UsageError(`"${rest}" is no step: ${error.faults[0]?.message ?? ''}`, 'inject force: lp_x')
    }
    if (error instanceof NoSuchWay) {
      const ways = error.variants.map((one) => `  ${name} ${one}`)
      throw new UsageError(
        error.message,
        ways.length === 0 ? '`list` shows what happens next.' : `Choose one:\n${ways.join('\n')}`
      )
    }
    if (error instanceof NoSuchTask) throw new UsageError(error.message, '`info tasks` lists them.')
    throw error
  }
}

function fork(session: Session, change: ForkChange, title: string): Said {
  const { branch } = session
  if (branch.leftAt !== null) {
    throw new UsageError('this is a fork already', '`branch recorded` goes back to where it can be forked.')
  }
  const { cursor } = branch
  const policy = cursor.state.policy ?? 'mainline'
  const world = historyWorld(cursor.history, rulesOf[policy])
  const { start, events, ret, skipped } = forkHistory(cursor.history, cursor.place, world, change)
  if (change.kind === 'skip' && skipped === null) {
    throw new UsageError('no operation follows here', '`list` shows what does.')
  }
  const number = session.branches.length
  const name = `fork-${number}`
  const made: Branch = { name, cursor: new Cursor(events, start), leftAt: cursor.place, opened: new Map() }
  session.branches.push(made)
  session.branch = made
  session.cameFrom = 0
  const came = ret === null || ret === 0 ? '' : ` It is refused with ${errnoName(-ret)} (${-ret}).`
  const what = skipped === null ? title : `without ${wordsOf(skipped)}`
  const left = `${name} leaves the recorded history behind @${start.position}, ${what}: ${counted(events.length, 'event')} of the model's.${came}`
  return { text: `${left} \`branch recorded\` goes back.` }
}

function wordsOf(operation: { readonly op: string }): string {
  const { op, ...rest } = operation as { op: string } & Record<string, unknown>
  return [op, ...Object.values(rest).filter((one) => typeof one === 'string' && one !== '')].join(' ')
}

function branchList({ branches, branch }: Session): string {
  return branches
    .map((one) => {
      const left = one.leftAt === null ? '' : `, from @${one.cursor.stateAt(0).position}`
      return `${one === branch ? '* ' : '  '}${one.name}: ${counted(one.cursor.end, 'event')}${left}`
    })
    .join('\n')
}

function enter(session: Session, name: string): string {
  const found = session.branches.find((one) => one.name === name)
  if (found === undefined) {
    throw new UsageError(
      `there is no branch "${name}"`,
      `There are ${session.branches.map((one) => one.name).join(', ')}.`
    )
  }
  session.branch = found
  session.cameFrom = found.cursor.place
  return placeText(session)
}
