import type { StoredEvent } from '../../events/index.ts'
import { type Operation, perform, type World } from '../../kernel/index.ts'
import type { KernelState } from '../../projections/index.ts'
import type { DatedFact } from '../scenario/run-scenario.ts'

/** What an operation came to: 0 or a positive errno, and its facts with their times. */
export interface Deed {
  readonly errno: number
  readonly facts: readonly DatedFact[]
}

/** An operation that only the other history has. */
export interface OwnDeed extends Deed {
  readonly operation: Operation
  readonly uptimeNs: bigint
}

/** The delayed work of a transition runs once a second. */
const tryEveryNs = 1_000_000_000n

/** The history that did not happen, as far as it has come. */
export class OtherRun {
  readonly state: KernelState
  readonly facts: DatedFact[] = []
  readonly #world: World
  #lastNs = 0n
  #nextTryNs: bigint | null = null

  constructor(state: KernelState, world: World) {
    this.state = state
    this.#world = world
  }

  /** Performs an operation; what it has in common with recorded events has their times, and took as long. */
  perform(operation: Operation, uptimeNs: bigint, recorded: readonly StoredEvent[] = []): Deed {
    const at = uptimeNs > this.state.uptimeNs ? uptimeNs : this.state.uptimeNs
    const { facts, ret } = perform(this.state, operation, this.#world, at)
    let place = 0
    if (at > this.#lastNs) this.#lastNs = at
    const dated = facts.map((fact) => {
      const found = recorded.findIndex((event, n) => n >= place && isSame(event, fact))
      const ns = recorded[found]?.uptimeNs
      if (ns !== undefined) place = found + 1
      if (ns !== undefined && ns > this.#lastNs) this.#lastNs = ns
      return { ...fact, uptimeNs: this.#lastNs }
    })
    this.facts.push(...dated)
    if (this.state.transition === null) this.#nextTryNs = null
    else if (facts.some(isTry)) this.#nextTryNs = this.#lastNs + tryEveryNs
    return { errno: Math.abs(ret), facts: dated }
  }

  /**
   * Everything that the other history's own works do up to a moment: a try once a second while a transition lasts
   * that the recording does not have (`isRecorded` tells), and the free work of patches that it does not free.
   */
  advance(
    toNs: bigint,
    isRecorded: { readonly transition: boolean; readonly frees: ReadonlySet<string> }
  ): OwnDeed[] {
    const deeds = this.#frees(isRecorded.frees)
    while (!isRecorded.transition && this.state.transition !== null) {
      const atNs: bigint = this.#nextTryNs ?? this.#lastNs + tryEveryNs
      if (atNs >= toNs) break
      const operation: Operation = { op: 'try' }
      deeds.push({ operation, uptimeNs: atNs, ...this.perform(operation, atNs) })
      deeds.push(...this.#frees(isRecorded.frees))
    }
    return deeds
  }

  #frees(recorded: ReadonlySet<string>): OwnDeed[] {
    return this.state.patches
      .filter(({ offList, name }) => offList && !recorded.has(name))
      .map(({ name }) => {
        const operation: Operation = { op: 'free', patch: name }
        const uptimeNs = this.#lastNs
        return { operation, uptimeNs, ...this.perform(operation, uptimeNs) }
      })
  }
}

function isTry({ type }: { readonly type: string }): boolean {
  return type === 'transition.tried' || type === 'transition.reversed'
}

function isSame(event: StoredEvent, fact: { readonly type: string; readonly data: object }): boolean {
  if (event.type !== fact.type) return false
  return !('pid' in event.data) || !('pid' in fact.data) || event.data.pid === fact.data.pid
}
