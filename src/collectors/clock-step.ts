/** A line with the name of its source. */
export interface Place {
  readonly source: string
  readonly line: number
  readonly raw: string
}

/** A line, and when it was by its own clock. */
export interface Seen extends Place {
  readonly timeNs: bigint
}

/** The trace's clock and another's part company: behind `fromNs` in the trace's, at this line at the latest. */
export interface ClockStep extends Place {
  readonly fromNs: bigint
  readonly byNs: bigint
  /** Whose clock the other one is. */
  readonly other: string
}

/** A line of the trace that another source has too, and how far off its time is by the other clock. */
export interface ClockPair {
  readonly traced: Seen
  readonly byNs: bigint
  readonly other: string
}

/**
 * Where the clocks part by more than `jitterNs` for good; null where they never do. One line alone proves nothing.
 * The pairs are in the order of the trace's lines, for a clock that was set back gives times twice.
 */
export function firstStep(pairs: readonly ClockPair[], jitterNs: bigint): ClockStep | null {
  const isStep = ({ byNs }: ClockPair) => byNs > jitterNs || byNs < -jitterNs
  let lastAgreeingNs = 0n
  for (const [n, pair] of pairs.entries()) {
    const next = pairs[n + 1]
    const { traced, byNs, other } = pair
    if (!isStep(pair)) lastAgreeingNs = traced.timeNs
    else if (next === undefined || isStep(next)) {
      const { source, line, raw } = traced
      // A clock that was set back puts what is younger before what is older, as far back as it was set.
      const fromNs = lastAgreeingNs + (byNs < 0n ? byNs : 0n)
      return { source, line, raw, fromNs: fromNs < 0n ? 0n : fromNs, byNs, other }
    }
  }
  return null
}
