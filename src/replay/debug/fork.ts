import type { Fact, Policy, StoredEvent } from '../../events/index.ts'
import { type Operation, perform, type World } from '../../kernel/index.ts'
import { copyState, type KernelState, type TaskState } from '../../projections/index.ts'
import type { Injection, KernelFault, TimedOperation } from '../faults/fault.ts'
import { prepareOperations } from '../recorded/prepare-operations.ts'
import { stateBefore } from '../recorded/recorded-run.ts'
import { rulesOf } from '../scenario/run-scenario.ts'

/** What is different from a place on. */
export type ForkChange =
  /** These happen first; they are made of the tasks that there are. */
  | {
      readonly kind: 'inject'
      readonly title: string
      operations(tasks: readonly TaskState[]): readonly Operation[]
    }
  /** A fault happens, in one of its ways; null is the only one that there is. */
  | { readonly kind: 'fault'; readonly fault: KernelFault; readonly variant: string | null }
  /** The next operation does not happen. */
  | { readonly kind: 'skip' }
  /** From here on another policy decides. */
  | { readonly kind: 'policy'; readonly policy: Policy }

/** A history that left the recorded one: the model's, from the operations that were recorded behind the place. */
export interface Fork {
  /** The model's state where it begins: at the end of the operation that the place is in. */
  readonly start: KernelState
  readonly events: readonly StoredEvent[]
  /** What was injected came to: 0, or the negative errno; null where nothing was. */
  readonly ret: number | null
  /** The operation that was left out. */
  readonly skipped: Operation | null
}

/** A fault that has no such way at the place. */
export class NoSuchWay extends Error {
  /** The ways that it has there. */
  readonly variants: readonly string[]

  constructor(fault: string, variants: readonly string[]) {
    super(variants.length === 0 ? `${fault} does not apply here` : `${fault} has several ways here`)
    this.variants = variants
  }
}

/** So many operations a fault looks ahead. */
const aheadMax = 64

/** What the tasks do by themselves; nobody asks a kernel to leave that out. */
const ownDeeds: ReadonlySet<Operation['op']> = new Set<Operation['op']>([
  'start-task',
  'exit-task',
  'call',
  'return'
])

/** Runs the model from a place of a recorded history on, with one thing changed. */
export function forkHistory(
  history: readonly StoredEvent[],
  place: number,
  world: World,
  change: ForkChange
): Fork {
  const operations = prepareOperations(history, world)
  const here = history[place - 1]
  const until = here === undefined ? -1n : here.uptimeNs
  const at = operations.findIndex(({ uptimeNs }) => uptimeNs > until)
  const [before, behind] = at < 0 ? [operations, []] : [operations.slice(0, at), operations.slice(at)]
  const state = stateBefore(history, world)
  for (const { operation, uptimeNs } of before) perform(state, operation, world, latest(uptimeNs, state))
  const run = new ForkedRun(state, world, change, here)
  return run.run(behind, until)
}

class ForkedRun {
  readonly #start: KernelState
  readonly #state: KernelState
  #world: World
  readonly #change: ForkChange
  readonly #stream: string
  readonly #events: StoredEvent[] = []

  constructor(state: KernelState, world: World, change: ForkChange, here: StoredEvent | undefined) {
    state.position = here?.position ?? 0
    this.#change = change
    this.#stream = here?.stream ?? ''
    this.#world = change.kind === 'policy' ? { ...world, rules: rulesOf[change.policy] } : world
    if (change.kind === 'policy') state.policy = change.policy
    this.#start = copyState(state)
    this.#state = state
  }

  run(behind: readonly TimedOperation[], nowNs: bigint): Fork {
    if (this.#change.kind === 'fault') return this.#withFault(this.#change, behind)
    let ret: number | null = null
    if (this.#change.kind === 'inject') {
      for (const operation of this.#change.operations([...this.#state.tasks.values()])) {
        const came = this.#perform({ operation, uptimeNs: nowNs }, this.#change.title)
        ret = came === 0 ? ret : came
        ret ??= 0
      }
    }
    const leftOut =
      this.#change.kind === 'skip' ? behind.findIndex(({ operation }) => !ownDeeds.has(operation.op)) : -1
    behind.forEach((one, n) => {
      if (n !== leftOut) this.#perform(one, one.operation.op)
    })
    return {
      start: this.#start,
      events: this.#events,
      ret,
      skipped: behind[leftOut]?.operation ?? null
    }
  }

  #withFault(
    { fault, variant }: Extract<ForkChange, { kind: 'fault' }>,
    behind: readonly TimedOperation[]
  ): Fork {
    const place = { state: this.#state, world: this.#world, ahead: behind.slice(0, aheadMax) }
    const { ahead, world = this.#world } = wayOf(fault, variant, fault.inject(place))
    this.#world = world
    for (const one of [...ahead, ...behind.slice(aheadMax)]) this.#perform(one, one.operation.op)
    return { start: this.#start, events: this.#events, ret: null, skipped: null }
  }

  #perform({ operation, uptimeNs }: TimedOperation, title: string): number {
    const at = latest(uptimeNs, this.#state)
    const { facts, ret } = perform(this.#state, operation, this.#world, at)
    for (const fact of facts) this.#tell(fact, at, title)
    return ret
  }

  #tell(fact: Fact, uptimeNs: bigint, title: string): void {
    const position = this.#start.position + this.#events.length + 1
    this.#events.push({
      ...fact,
      id: '',
      uptimeNs,
      wallNs: null,
      position,
      stream: this.#stream,
      revision: position,
      version: 1,
      evidence: { source: 'the model', line: 0, raw: title }
    })
  }
}

function wayOf(fault: KernelFault, variant: string | null, ways: readonly Injection[]): Injection {
  const [only, ...others] = variant === null ? ways : ways.filter((way) => way.variant === variant)
  if (only !== undefined && others.length === 0) return only
  throw new NoSuchWay(
    fault.name,
    ways.map((way) => way.variant)
  )
}

function latest(uptimeNs: bigint, state: KernelState): bigint {
  return uptimeNs > state.uptimeNs ? uptimeNs : state.uptimeNs
}
