import type { EventData, EventType, Fact, HistoryEvent } from '../events/index.ts'
import { Changes, evolve, type KernelState } from '../projections/index.ts'
import type { FailingStep, Operation, TaskConditions } from './operation.ts'
import type { World } from './world.ts'

type Level = EventData<'kernel.printed'>['level']

/** errno values that the model returns, by their names. */
export const ENOENT = 2
export const ENOEXEC = 8
export const EAGAIN = 11
export const EBUSY = 16
export const EEXIST = 17
export const ENODEV = 19
export const EDEADLK = 35
export const EINVAL = 22
export const ESRCH = 3
export const EADDRINUSE = 98
export const EADDRNOTAVAIL = 99

/** Who looks on while an operation is performed: the state right before and right behind each fact. */
export interface Observer {
  before(state: KernelState, event: HistoryEvent): void
  after(state: KernelState, event: HistoryEvent): void
}

const noConditions: TaskConditions = new Map()

/**
 * One operation on its way through the kernel: what it does is told as facts, and each fact changes the state
 * through `evolve` before the next step looks at it.
 */
export class Act {
  readonly state: KernelState
  readonly world: World
  readonly conditions: TaskConditions
  /** Functions whose BPF trampoline another CPU is changing, as `object:function`. */
  readonly busyTrampolines: readonly string[]
  readonly facts: Fact[] = []
  readonly changes = new Changes()
  /** The module whose init has not returned yet: MODULE_STATE_COMING. */
  comingModule: string | null = null
  /** Which step of this load is to fail, and how many of its kind are still to come before it. */
  readonly #fail: FailingStep | null
  #untilFail: number
  readonly #observer: Observer | null
  #uptimeNs: bigint

  constructor(
    state: KernelState,
    world: World,
    uptimeNs: bigint,
    operation: Operation,
    observer: Observer | null
  ) {
    this.#observer = observer
    this.state = state
    this.world = world
    this.conditions = ('conditions' in operation ? operation.conditions : undefined) ?? noConditions
    this.busyTrampolines = (operation.op === 'insmod' ? operation.busyTrampolines : undefined) ?? []
    this.#fail = (operation.op === 'insmod' ? operation.fail : undefined) ?? null
    this.#untilFail = this.#fail?.nth ?? 0
    this.#uptimeNs = uptimeNs
  }

  /** A step that may fail is taken: 0, or the negative errno that was asked for. */
  step(step: FailingStep['step']): number {
    if (this.#fail?.step !== step) return 0
    this.#untilFail -= 1
    return this.#untilFail === 0 ? -this.#fail.errno : 0
  }

  /** The fact is true from here on. */
  tell<T extends EventType>(type: T, data: EventData<T>): void {
    this.facts.push({ type, data } as unknown as Fact)
    const position = this.state.position + 1
    // One literal shape for all types: a spread of the fact costs more than what evolve does with it.
    const event = { type, data, uptimeNs: this.#uptimeNs, position } as HistoryEvent
    this.#observer?.before(this.state, event)
    evolve(this.state, event, this.changes)
    this.#observer?.after(this.state, event)
    this.changes.clear()
    this.#uptimeNs = this.state.uptimeNs
  }

  /** A line of the kernel log. */
  print(level: Level, message: string): void {
    this.tell('kernel.printed', { level, message })
  }

  /** A line of the kernel log from kernel/livepatch, with its prefix. */
  printKlp(level: Level, message: string): void {
    this.print(level, `livepatch: ${message}`)
  }
}
