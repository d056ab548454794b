import type { Fact } from '../../src/events/index.ts'
import { type Operation, type Outcome, perform, type World } from '../../src/kernel/index.ts'
import {
  Changes,
  copyState,
  emptyState,
  encodeState,
  evolve,
  functionKey,
  type KernelState,
  ORIGINAL,
  taskKey
} from '../../src/projections/index.ts'

/** A thread as /proc has it: what B.6 and B.7 say of its patch state, told by the facts alone. */
export interface Thread {
  readonly patchState: -1 | 0 | 1
  readonly pending: boolean
}

/** The state behind one fact, or behind an operation (`ret` is not null then). Never changed afterwards. */
export interface Moment {
  readonly operation: Operation | null
  readonly fact: Fact | null
  readonly ret: number | null
  readonly state: KernelState
  readonly threads: ReadonlyMap<number, Thread>
  /** What must not change when an operation is refused, as text; empty within an operation. */
  readonly shape: string
}

/** A run of the model, fact by fact: what invariants are checked on. */
export interface Trail {
  readonly world: World
  /** Every function that some patch may change. */
  readonly keys: readonly string[]
  readonly moments: readonly Moment[]
}

/** Runs operations on the model, and folds their facts on a second state, of which the trail is made. */
export class Recorder {
  readonly world: World
  readonly state: KernelState = emptyState()
  readonly moments: Moment[] = []
  readonly #folded: KernelState = emptyState()
  readonly #changes = new Changes()
  #threads = new Map<number, Thread>()
  #target: -1 | 0 | 1 = -1

  constructor(world: World) {
    this.world = world
    this.state.policy = world.rules.name
    this.#folded.policy = world.rules.name
    this.#note(null, null, 0)
  }

  perform(operation: Operation): Outcome {
    const uptimeNs = this.state.uptimeNs + 1n
    const outcome = perform(this.state, operation, this.world, uptimeNs)
    for (const fact of outcome.facts) {
      const position = this.#folded.position + 1
      evolve(this.#folded, { ...fact, uptimeNs, position }, this.#changes)
      this.#tell(fact)
      this.#note(operation, fact, null)
    }
    this.#note(operation, null, outcome.ret)
    return outcome
  }

  /** Whether the facts alone give the state that the model decided on. */
  get isFoldTheSame(): boolean {
    return encodeState(this.#folded) === encodeState(this.state)
  }

  get trail(): Trail {
    const keys = new Set<string>()
    for (const { patch } of this.world.modules.values()) {
      for (const object of patch?.objects ?? []) {
        for (const func of object.functions) keys.add(functionKey(object.name, func.old, func.sympos))
      }
    }
    return { world: this.world, keys: [...keys], moments: this.moments }
  }

  /** B.6, B.7, B.11, B.13 and the fork, thread by thread. */
  #tell(fact: Fact): void {
    switch (fact.type) {
      case 'patch.enabled':
      case 'patch.disabled':
        this.#target = fact.type === 'patch.enabled' ? 1 : 0
        this.#all(() => ({ patchState: this.#target === 1 ? 0 : 1, pending: false }))
        return
      case 'transition.started':
        this.#all(({ patchState }) => ({ patchState, pending: patchState !== this.#target }))
        return
      case 'transition.reversed':
      case 'transition.cancelled':
        this.#target = this.#target === 1 ? 0 : 1
        this.#all(({ patchState }) => ({ patchState, pending: false }))
        return
      case 'transition.forced':
        this.#all(() => ({ patchState: this.#target, pending: false }))
        return
      case 'transition.completed':
        this.#target = -1
        this.#all(() => ({ patchState: -1, pending: false }))
        return
      case 'task.switched':
        this.#threads.set(taskKey(fact.data.pid, fact.data.comm), {
          patchState: this.#target,
          pending: false
        })
        return
      case 'task.started': {
        const parent = this.#threads.get(fact.data.parent ?? Number.NaN)
        const { pid, comm } = fact.data
        this.#threads.set(taskKey(pid, comm), parent ?? { patchState: -1, pending: false })
        return
      }
      case 'task.exited':
        this.#threads.delete(taskKey(fact.data.pid, fact.data.comm))
        return
      default:
        return
    }
  }

  #all(change: (thread: Thread) => Thread): void {
    this.#threads = new Map([...this.#threads].map(([key, thread]) => [key, change(thread)]))
  }

  #note(operation: Operation | null, fact: Fact | null, ret: number | null): void {
    const state = fact === null || changesState(fact) ? copyState(this.#folded) : this.moments.at(-1)?.state
    this.moments.push({
      operation,
      fact,
      ret,
      state: state ?? copyState(this.#folded),
      threads: new Map(this.#threads),
      shape: ret === null ? '' : shapeOf(this.#folded)
    })
  }
}

function changesState({ type }: Fact): boolean {
  return type !== 'kernel.printed' && type !== 'patch.rejected' && type !== 'hook.rejected'
}

/** B.2: the version that a call of the thread runs, by its own patch state and the stack. */
export function runs({ state, threads }: Moment, thread: number, key: string): string {
  const [top, below] = state.stacks.get(key) ?? []
  const isOut = top?.patch === state.transition?.patch && threads.get(thread)?.patchState === 0
  const entry = isOut ? below : top
  return entry === undefined || entry.nop ? ORIGINAL : entry.patch
}

/** L, stacks, refs, sysfs, states, tasks and hooks; not the clock, and not what a try noted of tasks. */
function shapeOf(state: KernelState): string {
  const { patches, stacks, modules, hooks, tasks, transition } = state
  const { goal, patch, switched, behind, forcedNs } = transition ?? {}
  const kept = { patches, stacks, modules, hooks, tasks }
  return encodeState({
    ...emptyState(),
    ...kept,
    transition: { goal, patch, switched, behind, forcedNs } as unknown as KernelState['transition']
  })
}
