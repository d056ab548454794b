import { pendingTasks } from '../../kernel/index.ts'
import { functionKey, hookRows, type KernelState, taskKey } from '../../projections/index.ts'
import { callView, splitName } from './call-view.ts'
import { errnoNumber, errnoText } from './errno-names.ts'
import { findTask, type Scenario } from './scenario.ts'
import type { StepExpectation } from './scenario-schema.ts'

/** Something that is not as the scenario expects it. */
export interface Failure {
  /** What it is about: `errno`, `hook ov`, `stack of vmlinux:f`. */
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** What of the expectation about the state and the log does not hold. */
export function checkState(
  expected: StepExpectation,
  state: KernelState,
  log: readonly string[],
  scenario: Scenario
): Failure[] {
  return [
    ...checkPatches(expected, state),
    ...checkStacks(expected, state),
    ...checkHooks(expected, state),
    ...checkRuns(expected, state, scenario),
    ...checkTransition(expected, state),
    ...checkModules(expected, state),
    ...checkLog(expected.log, log)
  ]
}

/** A step's errno, as it was wanted: success where nothing is said. */
export function checkErrno(expected: StepExpectation | undefined, errno: number): Failure[] {
  const wanted = expected?.errno ?? 'ok'
  const number = errnoNumber(wanted)
  return number === errno ? [] : [{ what: 'errno', expected: String(wanted), found: errnoText(errno) }]
}

function checkPatches({ patches, enabled = {}, forced }: StepExpectation, state: KernelState): Failure[] {
  const onList = state.patches.filter((patch) => !patch.offList)
  const words = { true: 'enabled', false: 'disabled' }
  return [
    ...compareLists(
      'patches',
      patches,
      onList.map(({ name }) => name)
    ),
    ...Object.entries(enabled).flatMap(([name, wanted]) => {
      const patch = state.patches.find((one) => one.name === name)
      const found = patch === undefined ? 'not there' : words[`${patch.enabled}`]
      return compare(`patch ${name}`, words[`${wanted}`], found)
    }),
    ...compareLists('forced', forced, pinnedModules(state))
  ]
}

/** Modules that a force has pinned: their patch is still there, or only they are left. */
function pinnedModules(state: KernelState): string[] {
  return [...state.modules.keys()].filter(
    (name) =>
      state.modules.get(name)?.pinned === true || state.patches.some((one) => one.name === name && one.forced)
  )
}

function checkStacks({ stacks = {} }: StepExpectation, state: KernelState): Failure[] {
  return Object.entries(stacks).flatMap(([name, wanted]) => {
    const { object, func } = splitName(name)
    const stack = state.stacks.get(functionKey(object, func, 1)) ?? []
    const found = stack.map(({ patch, nop }) => (nop ? `nop(${patch})` : patch))
    return compareLists(`stack of ${name}`, wanted, found)
  })
}

function checkHooks({ hooks = {} }: StepExpectation, state: KernelState): Failure[] {
  const rows = hookRows(state)
  return Object.entries(hooks).flatMap(([program, wanted]) => {
    const row = rows.find((one) => one.program === program)
    const { status, reach } = typeof wanted === 'string' ? { status: wanted, reach: undefined } : wanted
    return [
      ...(status === undefined ? [] : compare(`hook ${program}`, status, row?.status ?? 'none')),
      ...(reach === undefined ? [] : compare(`reach of ${program}`, reach, row?.reach ?? 'none'))
    ]
  })
}

function checkRuns({ runs = [] }: StepExpectation, state: KernelState, scenario: Scenario): Failure[] {
  return runs.flatMap(({ task: name, call, version, hook, value }) => {
    const what = `call of ${call} by ${name}`
    const task = state.tasks.get(findTask(state.tasks.values(), name) ?? Number.NaN)
    if (task === undefined) return [{ what, expected: 'a task', found: 'none' }]
    const found = callView(state, task, call, scenario)
    return [
      ...(version === undefined ? [] : compare(`${what}: version`, version, found.version)),
      ...(hook === undefined ? [] : compare(`${what}: hook`, hook ?? 'none', found.hook ?? 'none')),
      ...(value === undefined ? [] : compare(`${what}: value`, String(value), found.value ?? 'unknown'))
    ]
  })
}

function checkTransition({ transition: wanted }: StepExpectation, state: KernelState): Failure[] {
  if (wanted === undefined) return []
  const { transition } = state
  const found = transition === null ? 'none' : `${transition.patch} to ${transition.goal}`
  if (wanted === 'none') return compare('transition', 'none', found)
  const { patch, goal, waiting } = wanted
  const keys = waiting?.map((name) => String(findTask(state.tasks.values(), name) ?? name)).sort()
  const pending = pendingTasks(state).map(({ pid, comm }) => String(taskKey(pid, comm)))
  return [
    ...compare('transition', `${patch} to ${goal}`, found),
    ...compareLists('waiting tasks', keys, pending.sort())
  ]
}

function checkModules({ modules }: StepExpectation, state: KernelState): Failure[] {
  return compareLists('modules', modules === undefined ? undefined : [...modules].sort(), [
    ...[...state.modules.keys()].sort()
  ])
}

/** The lines must come in their order; `[]` wants none at all. */
function checkLog(wanted: readonly string[] | undefined, log: readonly string[]): Failure[] {
  if (wanted === undefined) return []
  if (wanted.length === 0) return compareLists('log', [], log)
  let from = 0
  for (const line of wanted) {
    const at = log.indexOf(line, from)
    if (at < 0) {
      const elsewhere = log.includes(line) ? 'earlier' : 'not there'
      return [{ what: 'log', expected: line, found: elsewhere }]
    }
    from = at + 1
  }
  return []
}

function compare(what: string, expected: string, found: string): Failure[] {
  return expected === found ? [] : [{ what, expected, found }]
}

function compareLists(
  what: string,
  expected: readonly string[] | undefined,
  found: readonly string[]
): Failure[] {
  if (expected === undefined) return []
  return compare(what, `[${expected.join(', ')}]`, `[${found.join(', ')}]`)
}
