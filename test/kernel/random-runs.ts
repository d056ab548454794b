import type { HistoryEvent, Policy } from '../../src/events/index.ts'
import {
  type BugName,
  enabledOperations,
  hybrid,
  linux72,
  linux612,
  type ModuleSpec,
  mainline,
  type Offers,
  type Operation,
  type Outcome,
  plainModule,
  replaceSet,
  type TaskConditions,
  type World
} from '../../src/kernel/index.ts'
import { emptyState, fold, type KernelState } from '../../src/projections/index.ts'
import { type Invariant, ModelRun, Watch } from '../../src/replay/index.ts'
import { livepatch, object, worldOf } from './host.ts'
import { illegalOperations } from './illegal-operations.ts'

export const policies = { mainline, hybrid, 'replace-set': replaceSet } as const

/** A number from 0 up to, and without, `below`. */
export type Draw = (below: number) => number

const functions = ['f0', 'f1', 'f2', '__x64_sys_f3']

/** A small world: up to five patches on four functions of vmlinux and two of a module, hooks on all of them. */
export function randomWorld(policy: Policy, draw: Draw): { world: World; offers: Offers } {
  const patches = Array.from({ length: 2 + draw(4) }, (_, n) => randomPatch(`p${n}`, draw))
  const target: ModuleSpec = {
    ...plainModule,
    name: 'mod',
    functions: ['m0', 'm1'],
    initPrints: ['mod: init'],
    exitPrints: ['mod: exit']
  }
  const prober = { ...plainModule, name: 'prober', kprobe: { function: 'f0', postHandler: true } }
  const traits = draw(2) === 0 ? linux612 : linux72
  const world = worldOf(policies[policy], [target, ...patches, ...(draw(4) === 0 ? [prober] : [])], {
    traits
  })
  const attaches = patches.flatMap(({ name }, n) => [
    attach(`kprobe${n}`, 'kprobe', `${name}:${name}_f0`, true, n),
    attach(`fentry${n}`, 'fentry', `${name}:${name}_f1`, false, n + 10)
  ])
  attaches.push(attach('original', 'kprobe', '__x64_sys_f3', true, 20))
  return { world, offers: { attaches, callDepth: 2, tasksMax: 5 } }
}

function attach(program: string, kind: 'kprobe' | 'fentry', symbol: string, overrides: boolean, n: number) {
  return { op: 'attach', program, kind, symbol, overrides, address: `0xffffffffa000${n + 1000}` } as const
}

function randomPatch(name: string, draw: Draw): ModuleSpec {
  // Few functions of the four, so that patches overlap here and stand apart there.
  const own = functions.filter(() => draw(5) < 2)
  const onMod = ['m0', 'm1'].filter(() => draw(4) === 0)
  const callbacks = draw(2) === 0
  const objects = [
    ...(own.length > 0 || onMod.length === 0 ? [object('vmlinux', own, { callbacks, prefix: name })] : []),
    ...(onMod.length > 0 ? [object('mod', onMod, { callbacks, prefix: name })] : [])
  ]
  const states = draw(6) === 0 ? [{ id: 1 + draw(2), version: 1 + draw(2) }] : []
  return livepatch(
    name,
    [],
    {
      objects,
      states,
      replace: draw(3) > 0,
      replaceable: draw(2) === 0,
      replaceSet: draw(3),
      prePatchReturns: { param: 'ret' }
    },
    { params: { ret: draw(12) === 0 ? '-19' : '0' } }
  )
}

export interface RunOptions {
  /** Whether `replaceable` is flipped while patches are on the list. */
  readonly flips: boolean
  /** Whether transitions are forced. */
  readonly forces: boolean
  /** How many of a hundred operations are ones that a kernel refuses. */
  readonly illegal: number
  /** What the kernel does wrong. */
  readonly bugs?: readonly BugName[]
}

/** A run of the model under watch, with the facts that it told. */
export class RandomRun {
  readonly run: ModelRun
  readonly #events: HistoryEvent[] = []

  constructor(world: World, invariants: readonly Invariant[]) {
    this.run = new ModelRun(world, new Watch(world, invariants))
  }

  get state(): KernelState {
    return this.run.state
  }

  get world(): World {
    return this.run.world
  }

  perform(operation: Operation): Outcome {
    const uptimeNs = this.state.uptimeNs + 1n
    const outcome = this.run.perform(operation, uptimeNs)
    for (const fact of outcome.facts) {
      this.#events.push({ ...fact, uptimeNs, position: this.#events.length + 1 })
    }
    return outcome
  }

  /** What the facts alone say, folded on a second state. */
  get folded(): KernelState {
    return fold({ ...emptyState(), policy: this.world.rules.name }, this.#events)
  }

  /** What was broken, in words, each invariant once. */
  get broken(): string[] {
    const first = new Map<string, string>()
    for (const { invariant, text, position } of this.run.watch.violations) {
      if (!first.has(invariant)) first.set(invariant, `${invariant}: ${text} (@${position})`)
    }
    return [...first.values()]
  }
}

/** A random run: four tasks, and then one operation after the other out of what the state leaves open. */
export function randomRun(
  policy: Policy,
  draw: Draw,
  length: number,
  options: RunOptions,
  invariants: readonly Invariant[] = []
): RandomRun {
  const { world: right, offers } = randomWorld(policy, draw)
  const world: World = options.bugs === undefined ? right : { ...right, bugs: new Set(options.bugs) }
  const random = new RandomRun(world, invariants)
  for (const pid of [1, 2, 3]) random.perform({ op: 'start-task', pid, comm: `task${pid}` })
  random.perform({ op: 'start-task', pid: 0, comm: 'swapper/0' })
  for (let n = 0; n < length; n += 1) {
    const operation =
      draw(100) < options.illegal
        ? pick(illegalOperations(random.state, world), draw)
        : withConditions(random.state, legal(random.state, world, offers, options, draw), draw)
    if (operation !== undefined) random.perform(operation)
  }
  return random
}

/** First what kind of operation, for else calls would be nearly all of them. */
function legal(
  state: KernelState,
  world: World,
  offers: Offers,
  { flips, forces }: RunOptions,
  draw: Draw
): Operation | undefined {
  const all = [...enabledOperations(state, world, offers), ...loads(state, world), ...settings(world)].filter(
    ({ op }) => (flips || op !== 'write-replaceable') && (forces || op !== 'force')
  )
  const kinds = [...new Set(all.map(({ op }) => op))]
  const kind = pick(
    kinds.flatMap((op) => Array.from({ length: weights[op] }, () => op)),
    draw
  )
  return pick(
    all.filter(({ op }) => op === kind),
    draw
  )
}

/** How often each kind comes when all are open: patches should get through transitions, and replace each other. */
const weights: Readonly<Record<Operation['op'], number>> = {
  insmod: 14,
  rmmod: 2,
  'write-enabled': 3,
  force: 1,
  'write-replaceable': 3,
  try: 14,
  switch: 4,
  free: 4,
  'start-task': 1,
  'exit-task': 1,
  call: 8,
  return: 12,
  attach: 2,
  detach: 1,
  'set-param': 1,
  sysctl: 1
}

/** Loads whatever comes of them: incompatible ones, and those that meet a transition. */
function loads(state: KernelState, world: World): Operation[] {
  const absent = [...world.modules.keys()].filter((module) => !state.modules.has(module))
  return absent.map((module) => ({ op: 'insmod', module }))
}

function settings(world: World): Operation[] {
  const writes = [...world.modules.values()]
    .filter((module) => Object.hasOwn(module.params, 'ret'))
    .map(({ name }): Operation => ({ op: 'set-param', module: name, param: 'ret', value: '0' }))
  // Mostly on, for with ftrace off every enable fails.
  const sysctls = ['1', '2', '3', '4', '0'].map(
    (value): Operation => ({ op: 'sysctl', name: 'kernel.ftrace_enabled', value })
  )
  return [...writes, ...sysctls]
}

/** What a try finds tasks in; only who is outside of every function can have switched itself. */
function withConditions(
  state: KernelState,
  operation: Operation | undefined,
  draw: Draw
): Operation | undefined {
  if (operation?.op !== 'try' && operation?.op !== 'insmod' && operation?.op !== 'write-enabled')
    return operation
  const conditions: [number, 'running' | 'unreliable-stack' | 'self'][] = []
  for (const [task, { frames }] of state.tasks) {
    const choice = draw(16)
    if (choice === 0) conditions.push([task, 'running'])
    if (choice === 1) conditions.push([task, 'unreliable-stack'])
    if (choice === 2 && frames.length === 0) conditions.push([task, 'self'])
  }
  return { ...operation, conditions: new Map(conditions) satisfies TaskConditions }
}

function pick<T>(from: readonly T[], draw: Draw): T | undefined {
  return from[draw(from.length)]
}

/** A seeded sequence of draws (mulberry32): the same seed gives the same run every time. */
export function seeded(seed: number): Draw {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return below <= 0 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
