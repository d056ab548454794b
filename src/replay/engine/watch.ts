import type { HistoryEvent } from '../../events/index.ts'
import type { Observer, World } from '../../kernel/index.ts'
import { type KernelState, unsureOf } from '../../projections/index.ts'
import type { Complaint, Ended, Invariant } from '../invariants/invariant.ts'
import type { Violation } from './violation.ts'

type Open = { -readonly [F in keyof Violation]: Violation[F] }

/** Looks on at a run for some invariants, and keeps what they find. */
export class Watch implements Observer {
  readonly #world: World
  readonly #invariants: readonly Invariant[]
  /** Which invariants, as places in the list, are shown an event of a type. */
  readonly #readers: Map<string, readonly number[]>
  readonly #memories: unknown[]
  /** Lasting violations that still last, by invariant and subject. */
  readonly #open: Map<string, Open>
  readonly #violations: Open[]

  constructor(world: World, invariants: readonly Invariant[], from: Watch | null = null) {
    this.#world = world
    this.#invariants = invariants
    this.#readers = from === null ? new Map<string, readonly number[]>() : from.#readers
    this.#memories =
      from === null ? invariants.map((one) => one.start(world)) : structuredClone(from.#memories)
    // What has ended is not taken along: a fork must not cost more the longer the history behind it.
    this.#violations = from === null ? [] : [...from.#open.values()].map((one) => ({ ...one }))
    this.#open = new Map(this.#violations.map((one) => [keyOf(one.invariant, one.subject), one]))
  }

  /** What was found so far, in the order in which it began. */
  get violations(): readonly Violation[] {
    return this.#violations
  }

  /** What the invariants remember: two runs go on alike only where this is the same too. */
  get memories(): readonly unknown[] {
    return this.#memories
  }

  /**
   * A second watch that stands where this one stands and goes its own way. It begins with the violations that last,
   * and those that have ended stay here. The world may be another from here on.
   */
  fork(world: World = this.#world): Watch {
    return new Watch(world, this.#invariants, this)
  }

  before(state: KernelState, event: HistoryEvent): void {
    for (const n of this.#readersOf(event.type)) {
      this.#invariants[n]?.before?.(this.#memories[n], state, event, this.#world)
    }
  }

  after(state: KernelState, event: HistoryEvent): void {
    for (const n of this.#readersOf(event.type)) {
      const invariant = this.#invariants[n] as Invariant
      const memory = this.#memories[n]
      const wrong = invariant.after?.(memory, state, event, this.#world) ?? null
      if (wrong !== null) {
        for (const complaint of isList(wrong) ? wrong : [wrong]) this.#add(invariant, complaint, state, false)
      }
      const holding = invariant.holding?.(memory, state, this.#world)
      if (holding !== undefined) this.#settle(invariant, holding, state)
    }
  }

  /** An operation has come to its end. */
  rest(state: KernelState, ended: Ended): void {
    this.#invariants.forEach((invariant, n) => {
      const wrong = invariant.rest?.(this.#memories[n], state, ended, this.#world)
      if (wrong !== undefined) this.#settle(invariant, wrong, state)
    })
  }

  /** What is wrong now begins, or goes on; what is wrong no more has ended. */
  #settle(invariant: Invariant, complaints: readonly Complaint[], state: KernelState): void {
    for (const complaint of complaints) {
      if (!this.#open.has(keyOf(invariant.id, complaint.subject)))
        this.#add(invariant, complaint, state, true)
    }
    for (const [key, one] of this.#open) {
      if (one.invariant !== invariant.id || complaints.some(({ subject }) => subject === one.subject))
        continue
      one.toNs = state.uptimeNs
      one.toPosition = state.position
      this.#open.delete(key)
    }
  }

  #add(invariant: Invariant, { subject, text }: Complaint, state: KernelState, lasting: boolean): void {
    const violation: Open = {
      invariant: invariant.id,
      subject,
      text,
      position: state.position,
      fromNs: state.uptimeNs,
      toNs: null,
      toPosition: null,
      lasting,
      promised: invariant.holds.includes(this.#world.rules.name),
      unsure: unsureOf(state, 'patches', 'hooks')
    }
    this.#violations.push(violation)
    if (lasting) this.#open.set(keyOf(invariant.id, subject), violation)
  }

  #readersOf(type: string): readonly number[] {
    let readers = this.#readers.get(type)
    if (readers === undefined) {
      readers = this.#invariants.flatMap(({ reads }, n) =>
        reads === 'every' || (reads as readonly string[]).includes(type) ? [n] : []
      )
      this.#readers.set(type, readers)
    }
    return readers
  }
}

function isList(wrong: Complaint | readonly Complaint[]): wrong is readonly Complaint[] {
  return Array.isArray(wrong)
}

/** A violation as it is known again: which invariant, and about whom. */
export function keyOf(invariant: string, subject: string): string {
  return `${invariant} ${subject}`
}
