import { setTimeout } from 'node:timers/promises'

const firstMs = 200
const longestMs = 10_000

/** How long to wait between tries: twice as long each time, and a random part of it, so that hosts part. */
export class Backoff {
  readonly #random: () => number
  #nextMs = firstMs

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** The next wait; at least what the service asked for. */
  nextMs(askedMs: number): number {
    const ms = this.#nextMs * (0.5 + this.#random() / 2)
    this.#nextMs = Math.min(longestMs, 2 * this.#nextMs)
    return Math.max(askedMs, ms)
  }

  /** It went well again. */
  reset(): void {
    this.#nextMs = firstMs
  }
}

/** Waits, unless it is stopped. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {})
}
