import { type BugName, enabledOperations, type Operation, type World } from '../../../src/kernel/index.ts'
import type { KernelState } from '../../../src/projections/index.ts'
import { invariants, invariantsFor, ModelRun, type Violation, Watch } from '../../../src/replay/index.ts'
import type { Attach } from './scopes.ts'

/** A small world to look for the shortest run in that breaks one invariant. */
export interface Search {
  readonly world: World
  readonly invariant: string
  readonly tasks: readonly { readonly pid: number; readonly comm: string }[]
  readonly attaches: readonly Attach[]
  readonly callDepth: number
  /** What may be done besides, at any time. */
  readonly also: readonly Operation[]
}

/** Runs are followed no further than this, and states are looked at no more often. */
const depthMax = 9
const statesMax = 60_000

/** Breadth first, each state once: the operations of the shortest run that breaks the invariant; null for none. */
export function shortestRun(search: Search): Operation[] | null {
  const watched = invariants.filter(({ id }) => id === search.invariant)
  if (watched.length !== 1) throw new Error(`no invariant has the id ${search.invariant}`)
  let level: { run: ModelRun; path: Operation[] }[] = [
    { run: beginning(search, new Watch(search.world, watched)), path: [] }
  ]
  const seen = new Set<string>([shapeOf(beginning(search, new Watch(search.world, watched)))])
  for (let depth = 0; depth < depthMax && level.length > 0; depth += 1) {
    const next: typeof level = []
    for (const { run, path } of level) {
      for (const operation of operations(run.state, search)) {
        const fork = run.fork()
        fork.perform(operation, fork.state.uptimeNs + 1n)
        if (fork.watch.violations.length > 0) return [...path, operation]
        const shape = shapeOf(fork)
        if (seen.has(shape)) continue
        seen.add(shape)
        if (seen.size > statesMax) throw new Error(`${search.invariant}: more than ${statesMax} states`)
        next.push({ run: fork, path: [...path, operation] })
      }
    }
    level = next
  }
  return null
}

/** What a run breaks when every invariant of its policy looks on. */
export function violationsOf(
  { world, tasks }: Pick<Search, 'world' | 'tasks'>,
  path: readonly Operation[],
  bugs: readonly BugName[]
): readonly Violation[] {
  const own: World = { ...world, bugs: new Set(bugs) }
  const run = beginning({ world: own, tasks }, new Watch(own, invariantsFor(own.rules.name)))
  for (const operation of path) run.perform(operation, run.state.uptimeNs + 1n)
  return run.watch.violations
}

function beginning({ world, tasks }: Pick<Search, 'world' | 'tasks'>, watch: Watch): ModelRun {
  const run = new ModelRun(world, watch)
  for (const task of tasks) run.perform({ op: 'start-task', ...task }, 0n)
  return run
}

/** What the state leaves open, what a kernel refuses, and what the world has besides. */
function operations(state: KernelState, search: Search): Operation[] {
  const { world, attaches, tasks, also } = search
  const offers = { attaches, callDepth: search.callDepth, tasksMax: tasks.length + 1 }
  const refusable: Operation[] = [
    ...[...world.modules.keys()].map(
      (module): Operation => ({
        op: state.modules.has(module) ? 'rmmod' : 'insmod',
        module
      })
    ),
    ...state.patches.flatMap(({ name }): Operation[] => [
      { op: 'write-enabled', patch: name, value: '0' },
      { op: 'write-enabled', patch: name, value: '1' }
    ]),
    ...attaches
  ]
  return [...enabledOperations(state, world, offers), ...refusable, ...also]
}

/** The state and what is remembered of the way to it as text, without the times and the counts by which alone states differ. */
function shapeOf({ state, watch }: ModelRun): string {
  const began = state.transition?.sincePosition ?? null
  return JSON.stringify([state, watch.memories], (key, value: unknown) => {
    if (key === 'position' || key === 'tries' || key === 'blocked') return 0
    if (key === 'sincePosition') return value === began
    if (typeof value === 'bigint') return 0
    if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)]
    return value
  })
}
