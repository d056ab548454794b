import type { Reading } from './observation.ts'

/** A reading in the stream's clock. */
export interface Timed {
  readonly uptimeNs: bigint
  readonly reading: Extract<Reading, { outcome: 'observed' }>
}

/** A reading that fits nowhere in time, and why. */
export interface Misplaced {
  readonly reading: Reading
  readonly reason: string
}

/**
 * Lets through readings whose time does not go back, one behind: a line whose clock jumped ahead is known by
 * the next one that did not, so that one broken time does not cost all that follow. A line that is there twice
 * is let through once.
 */
export class TimeOrder {
  readonly #misplaced: Misplaced[] = []
  #held: Timed | null = null
  #lastNs = -1n
  #atLastNs = new Map<string, number>()

  /** Returns what may go on now. */
  push(next: Timed): Timed | null {
    const held = this.#held
    if (next.uptimeNs < this.#lastNs) {
      this.#misplace(next, `the time went back by ${this.#lastNs - next.uptimeNs} ns`)
      return null
    }
    this.#held = next
    if (held === null) return null
    if (next.uptimeNs < held.uptimeNs) {
      this.#misplace(held, `the time is ${held.uptimeNs - next.uptimeNs} ns ahead of the line that follows`)
      return null
    }
    return this.#pass(held)
  }

  end(): Timed | null {
    const held = this.#held
    this.#held = null
    return held === null ? null : this.#pass(held)
  }

  /** Readings that were refused since the last call. */
  misplaced(): Misplaced[] {
    return this.#misplaced.splice(0)
  }

  #pass(timed: Timed): Timed | null {
    if (timed.uptimeNs !== this.#lastNs) this.#atLastNs.clear()
    this.#lastNs = timed.uptimeNs
    const { raw, line } = timed.reading
    const first = this.#atLastNs.get(raw)
    if (first !== undefined) {
      this.#misplace(timed, `the same record as line ${first}`)
      return null
    }
    this.#atLastNs.set(raw, line)
    return timed
  }

  #misplace({ reading }: Timed, reason: string): void {
    this.#misplaced.push({ reading, reason })
  }
}
