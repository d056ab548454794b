import type { Clock } from './observation.ts'

/** Messages remembered a clock; more would not make the offset better. */
const messagesMax = 20_000

/** A message that both logs repeat beyond this many pairs tells nothing about which line is which. */
const pairsMax = 64

/** Within a boot the two clocks keep their distance to this. */
const jitterNs = 8_000_000n

/**
 * Finds what the printk clock is off by: the trace's `console:` records carry lines of the kernel log in the
 * trace's clock, and the same lines in the log carry the other one.
 */
export class ClockMatch {
  readonly #monotonic = new Map<string, bigint[]>()
  readonly #printk = new Map<string, bigint[]>()

  saw(clock: Clock, message: string, timeNs: bigint): void {
    const times = clock === 'monotonic' ? this.#monotonic : clock === 'printk' ? this.#printk : null
    if (times === null) return
    const seen = times.get(message)
    if (seen !== undefined) seen.push(timeNs)
    else if (times.size < messagesMax) times.set(message, [timeNs])
  }

  /**
   * What to add to a printk time to get the trace's. Each may hold only part of the other's lines, so a line may
   * be any of its like: the distance that most pairs of them have is the one.
   */
  offsetNs(): bigint {
    const offsets: bigint[] = []
    for (const [message, inTrace] of this.#monotonic) {
      const inLog = this.#printk.get(message) ?? []
      if (inTrace.length * inLog.length > pairsMax) continue
      for (const traced of inTrace) for (const logged of inLog) offsets.push(traced - logged)
    }
    return middleOfDensest(offsets.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
  }
}

/** The median of the most values that lie within the jitter of one another; 0 of none. */
function middleOfDensest(sorted: readonly bigint[]): bigint {
  let best = { from: 0, count: 0 }
  let from = 0
  sorted.forEach((last, n) => {
    while (last - (sorted[from] ?? last) > jitterNs) from += 1
    const count = n + 1 - from
    if (count > best.count) best = { from, count }
  })
  return sorted[best.from + (best.count >> 1)] ?? 0n
}
