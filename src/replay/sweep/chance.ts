/** Numbers that look random and follow from a seed: mulberry32. The same seed and run give the same numbers. */
export class Chance {
  #state: number

  constructor(seed: number, run: number) {
    // A run's own numbers must not be those of its neighbour one step later.
    this.#state = Math.imul(seed ^ Math.imul(run + 1, 0x9e3779b1), 0x85ebca6b) >>> 0
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number below the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }
}
