/** Chance from a seed: the same seed gives the same numbers everywhere. Mulberry32. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer from 0 to below `bound`; 0 where there is no choice. */
  below(bound: number): number {
    return bound <= 1 ? 0 : Math.floor(this.#next() * bound)
  }

  /** One of the values. There is at least one. */
  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
