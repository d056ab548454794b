import type { Clock } from './observation.ts'

/** Messages remembered a clock; more would not make the offset better. */
const messagesMax = 20_000

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

  /** What to add to a printk time to get the trace's: the median over lines that both have equally often. */
  offsetNs(): bigint {
    const offsets: bigint[] = []
    for (const [message, inTrace] of this.#monotonic) {
      const inLog = this.#printk.get(message)
      if (inLog?.length !== inTrace.length) continue
      inTrace.forEach((timeNs, n) => {
        offsets.push(timeNs - (inLog[n] ?? timeNs))
      })
    }
    offsets.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return offsets[offsets.length >> 1] ?? 0n
  }
}
