import type { Clock, Observation, Reading } from '../observation.ts'
import type { HeldLines, Outcome } from './held-lines.ts'

/**
 * Notes of lost records that carry no time of their own. A note stands before the record behind the gap, so
 * it is held until that record tells the time: whatever was lost happened before it.
 */
export class HeldLosses {
  readonly #clock: Clock
  #notes: { readonly held: HeldLines; readonly lost: Observation }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a note waits for a record. */
  get waiting(): boolean {
    return this.#notes.length > 0
  }

  /** Holds a note; `count` is null when it does not say how many. `fromNs`: what was lost is younger. */
  hold(held: HeldLines, count: number | null, reason: string, fromNs: bigint | null = null): void {
    const lost: Observation = { kind: 'lost', count, reason, ...(fromNs === null ? {} : { fromNs }) }
    this.#notes.push({ held, lost })
  }

  /** The next record has come: its time in ns. */
  release(timeNs: bigint): Reading[] {
    return this.#readings((observations) => ({
      outcome: 'observed',
      timeNs,
      clock: this.#clock,
      observations
    }))
  }

  /** No record follows: the last one's time is the best there is, and without one the loss has no time. */
  end(lastNs: bigint | null): Reading[] {
    if (lastNs !== null) return this.release(lastNs)
    return this.#readings((observations) => ({ outcome: 'timeless', observations }))
  }

  #readings(outcome: (observations: readonly Observation[]) => Outcome): Reading[] {
    const notes = this.#notes
    this.#notes = []
    return notes.map(({ held, lost }) => held.reading(outcome([lost])))
  }
}
