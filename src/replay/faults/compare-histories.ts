import type { EventType, HistoryEvent } from '../../events/index.ts'
import {
  Changes,
  type DoubtPart,
  emptyState,
  evolve,
  functionViews,
  hookRows,
  type KernelState,
  stackView
} from '../../projections/index.ts'

/** A time between two moments; null: it goes on. */
export interface Stretch {
  readonly fromNs: bigint
  readonly toNs: bigint | null
}

/** Where what is told is not what was, and does not say that it is unsure. */
export interface Falsehood extends Stretch {
  /** What it is about, as both sides have it. */
  readonly what: string
  /** Whether it ended: later evidence showed the mistake, and the answers are unsure or right again. */
  readonly noticed: boolean
}

/**
 * What became of the answers: the same at all times, unsure for a time, or wrong without a word. `hidden`, of a wrong
 * one: a kernel could have left all the evidence that there was until it ended, so that nothing could show it.
 */
export type Comparison =
  | { readonly outcome: 'equal' }
  | { readonly outcome: 'unsure'; readonly unsure: Stretch }
  | { readonly outcome: 'wrong'; readonly wrong: Falsehood; readonly hidden: boolean }

/** What is compared beside patches, functions, modules and transitions. */
export interface Compared {
  readonly hooks: boolean
}

/** What the projections answer, from this time on. */
export interface Answers {
  readonly atNs: bigint
  /** Which parts are unsure. */
  readonly unsure: Readonly<Record<DoubtPart, boolean>>
  /** Evidence was missing while tasks switched: no snapshot tells afterwards which of them had. */
  readonly unsureWhoSwitched: boolean
  readonly views: Views
}

/** The answers as text, view by view: equal texts are equal answers. */
interface Views {
  readonly patches: string
  readonly functions: string
  /** Which hooks calls of the functions reach. */
  readonly reached: string
  readonly hooks: string
  readonly modules: string
  readonly transition: string
  readonly tasks: string
}

/** Events behind which only the tasks of a transition stand otherwise. */
const ofTasksOnly: ReadonlySet<EventType> = new Set<EventType>([
  'task.blocked',
  'transition.tried',
  'command.ran',
  'patch.rejected',
  'hook.rejected'
])

/** What a history answers at each time at which it tells something. Evidence that came too late changes nothing. */
export function answersOf(history: Iterable<HistoryEvent>): Answers[] {
  const state = emptyState()
  const changes = new Changes()
  const answers: Answers[] = []
  for (const event of history) {
    evolve(state, event, changes)
    const last = answers.at(-1)
    const isSmall = ofTasksOnly.has(event.type) || (event.type === 'task.switched' && !changes.any)
    changes.clear()
    const views =
      isSmall && last !== undefined && state.transition !== null
        ? { ...last.views, tasks: tasksOf(state) }
        : viewsOf(state)
    if (last?.atNs === state.uptimeNs) answers.pop()
    answers.push({
      atNs: state.uptimeNs,
      unsure: {
        patches: state.doubt.patches !== null,
        hooks: state.doubt.hooks !== null,
        modules: state.doubt.modules !== null
      },
      unsureWhoSwitched: state.transition !== null && state.transition.unsure !== null,
      views
    })
  }
  return answers
}

/**
 * Holds what faulty evidence tells against what the whole evidence tells, at every time at which either changes. A
 * wrong answer counts only where it is not marked as unsure; being unsure without need is no mistake.
 */
export function compareAnswers(
  whole: readonly Answers[],
  faulty: readonly Answers[],
  compared: Compared = { hooks: true }
): Exclude<Comparison, { outcome: 'wrong' }> | { readonly outcome: 'wrong'; readonly wrong: Falsehood } {
  let unsure: { fromNs: bigint; toNs: bigint | null } | null = null
  let wrong: { fromNs: bigint; what: string } | null = null
  for (const [atNs, truth, told] of together(whole, faulty)) {
    const what = difference(truth, told, compared)
    if (wrong !== null && what === null)
      return { outcome: 'wrong', wrong: { ...wrong, toNs: atNs, noticed: true } }
    if (what !== null) wrong ??= { fromNs: atNs, what }
    const isUnsure = told.unsure.patches || told.unsure.hooks || told.unsure.modules
    if (!isUnsure && unsure !== null) unsure.toNs ??= atNs
    if (isUnsure) unsure ??= { fromNs: atNs, toNs: null }
  }
  if (wrong !== null) return { outcome: 'wrong', wrong: { ...wrong, toNs: null, noticed: false } }
  return unsure === null ? { outcome: 'equal' } : { outcome: 'unsure', unsure }
}

/** What a view says something about: it is unsure while one of them is. */
const aboutOf = {
  patches: ['patches'],
  functions: ['patches'],
  reached: ['patches', 'hooks'],
  hooks: ['patches', 'hooks'],
  modules: ['modules'],
  transition: ['patches'],
  tasks: ['patches']
} as const satisfies Readonly<Record<keyof Views, readonly DoubtPart[]>>

/** What the two disagree about; null when they agree, or when the faulty one says that it is unsure. */
function difference(
  { views: truth }: Answers,
  { unsure, unsureWhoSwitched, views: told }: Answers,
  { hooks }: Compared
): string | null {
  for (const [view, about] of Object.entries(aboutOf) as [keyof Views, readonly DoubtPart[]][]) {
    if (about.some((part) => unsure[part])) continue
    if ((view === 'hooks' || view === 'reached') && !hooks) continue
    if (view === 'tasks' && unsureWhoSwitched) continue
    if (told[view] === truth[view] || (view === 'hooks' && isSameButUnknown(truth.hooks, told.hooks)))
      continue
    return `${view}: ${truth[view]} is told as ${told[view]}`
  }
  return null
}

/** Whether they differ only in addresses that one of the two does not know, as it says. */
function isSameButUnknown(truth: string, told: string): boolean {
  const [ours, theirs] = [truth, told].map((text) => JSON.parse(text) as { address: string | null }[])
  if (ours === undefined || theirs === undefined || ours.length !== theirs.length) return false
  return ours.every((row, n) => {
    const other = theirs[n] ?? row
    const address = row.address === null || other.address === null ? null : row.address
    const known = { ...other, address: address === null ? null : other.address }
    return JSON.stringify({ ...row, address }) === JSON.stringify(known)
  })
}

/** Both at each time at which either changes. */
function* together(
  whole: readonly Answers[],
  faulty: readonly Answers[]
): Generator<readonly [atNs: bigint, truth: Answers, told: Answers]> {
  let truth = nothing
  let told = nothing
  for (let w = 0, f = 0; w < whole.length || f < faulty.length; ) {
    const [nextTruth, nextTold] = [whole[w], faulty[f]]
    const atNs = earlier(nextTruth?.atNs, nextTold?.atNs)
    if (nextTruth?.atNs === atNs) {
      truth = nextTruth
      w += 1
    }
    if (nextTold?.atNs === atNs) {
      told = nextTold
      f += 1
    }
    yield [atNs, truth, told]
  }
}

function viewsOf(state: KernelState): Views {
  const { transition, ...stack } = stackView('', state)
  // sysfs shows objects and functions as directories, which have no order.
  const patches = stack.patches.map((patch) => ({
    ...patch,
    objects: byName(patch.objects.map((object) => ({ ...object, functions: byName(object.functions) })))
  }))
  const functions = functionViews(state)
  const hooks = hookRows(state).map(({ since: _, unsure: _unsure, ...row }) => row)
  return {
    patches: JSON.stringify(patches),
    functions: JSON.stringify(
      functions.map(({ switched, unswitched, ...view }) => [view, switched.version, unswitched.version])
    ),
    reached: JSON.stringify(functions.map(({ switched, unswitched }) => [switched.hook, unswitched.hook])),
    hooks: JSON.stringify(hooks),
    modules: JSON.stringify([...state.modules.keys()].sort()),
    transition: JSON.stringify(transition && [transition.patch, transition.goal]),
    tasks: tasksOf(state)
  }
}

function byName<T extends { readonly name: string }>(named: readonly T[]): readonly T[] {
  return [...named].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function tasksOf({ transition }: KernelState): string {
  return JSON.stringify(transition && [transition.switched.size, transition.blocked.size])
}

/** Of a machine that has just booted. */
const nothing: Answers = {
  atNs: 0n,
  unsure: { patches: false, hooks: false, modules: false },
  unsureWhoSwitched: false,
  views: viewsOf(emptyState())
}

function earlier(a: bigint | undefined, b: bigint | undefined): bigint {
  if (a === undefined || b === undefined) return a ?? b ?? 0n
  return a < b ? a : b
}
