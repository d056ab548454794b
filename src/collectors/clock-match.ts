import { type ClockStep, firstStep, type Place, type Seen } from './clock-step.ts'
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
  readonly #monotonic = new Map<string, Seen[]>()
  readonly #printk = new Map<string, Seen[]>()

  saw(clock: Clock, message: string, timeNs: bigint, place: Place): void {
    const times = clock === 'monotonic' ? this.#monotonic : clock === 'printk' ? this.#printk : null
    if (times === null) return
    const seen = times.get(message)
    if (seen !== undefined) seen.push({ ...place, timeNs })
    else if (times.size < messagesMax) times.set(message, [{ ...place, timeNs }])
  }

  /**
   * What to add to a printk time to get the trace's. Each may hold only part of the other's lines, so a line may
   * be any of its like: the distance that most pairs of them have is the one. Behind a step it is
   * another one.
   */
  offsetNs(step: ClockStep | null): bigint {
    const offsets: bigint[] = []
    const isKnown = this.isKnown(step)
    for (const [message, traced] of this.#monotonic) {
      const inTrace = isKnown ? traced.filter((one) => isBefore(one, step)) : traced
      const inLog = this.#printk.get(message) ?? []
      if (inTrace.length * inLog.length > pairsMax) continue
      for (const one of inTrace) for (const logged of inLog) offsets.push(one.timeNs - logged.timeNs)
    }
    return middleOfDensest(offsets.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
  }

  /** Whether any line is in both; without one, nothing tells how far apart they are. */
  isKnown(step: ClockStep | null): boolean {
    if (step === null) return [...this.#monotonic.keys()].some((message) => this.#printk.has(message))
    // One line alone may be the odd one.
    return this.#pairs().filter(({ traced }) => isBefore(traced, step)).length > 1
  }

  /** Whether there is a log at all that this clock tells the time of. */
  get sawLog(): boolean {
    return this.#printk.size > 0
  }

  /**
   * Where the distance of the clocks changes for good; null where it never does. Only messages that both have equally
   * often count, and one line alone proves nothing.
   */
  step(): ClockStep | null {
    const pairs = this.#pairs()
    const [first] = pairs
    if (first === undefined) return null
    const other = 'the kernel log'
    return firstStep(
      pairs.map(({ traced, offsetNs }) => ({ traced, byNs: offsetNs - first.offsetNs, other })),
      jitterNs
    )
  }

  #pairs(): { readonly traced: Seen; readonly offsetNs: bigint }[] {
    const pairs: { traced: Seen; offsetNs: bigint }[] = []
    for (const [message, inTrace] of this.#monotonic) {
      const inLog = this.#printk.get(message) ?? []
      if (inTrace.length !== inLog.length) continue
      inTrace.forEach((traced, n) => {
        pairs.push({ traced, offsetNs: traced.timeNs - (inLog[n]?.timeNs ?? 0n) })
      })
    }
    // A clock that was set back gives times twice; the lines of the file are in order.
    return pairs.sort((a, b) => a.traced.line - b.traced.line)
  }
}

function isBefore({ source, line }: Place, step: ClockStep | null): boolean {
  return step === null || source !== step.source || line < step.line
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
