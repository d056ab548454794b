import type { Reading } from './observation.ts'
import { type Misplaced, type Timed, TimeOrder } from './time-order.ts'

/** A record that cannot be used, until the next one that can tells behind which time it is missing no more. */
interface Unusable {
  readonly reading: Reading
  readonly reason: string
  /** The clock is none from here on. */
  readonly lasts: boolean
}

/**
 * A source's readings in the order of their time. Of a source that tells of livepatches, a record that cannot be read
 * or has no place in time is one that is missing, and is told as such behind all that has gone on before it.
 */
export class OrderedReadings {
  readonly #telling: boolean
  readonly #order = new TimeOrder()
  #timed: Timed[] = []
  #refused: Misplaced[] = []
  #unusable: Unusable[] = []

  constructor(telling: boolean) {
    this.#telling = telling
  }

  /** A reading that nothing can be made of. */
  refuse(reading: Reading, reason: string): void {
    this.#refused.push({ reading, reason })
    if (this.#telling) this.#unusable.push({ reading, reason, lasts: false })
  }

  push(timed: Timed): void {
    const { lastNs } = this.#order
    const passed = this.#order.push(timed)
    this.#refused.push(...this.#order.misplaced())
    const troubles = this.#order.troubles()
    if (this.#telling) this.#unusable.push(...troubles)
    if (this.#order.newest === timed) this.#tellUnusable(lastNs, timed.uptimeNs)
    if (passed !== null) this.#timed.push(passed)
  }

  /** Nothing follows. */
  end(): void {
    this.#tellUnusable(this.#order.lastNs, null)
    this.#timed.push(...this.#order.end())
  }

  /** What may go on, and what was refused, since the last call. */
  take(): { readonly timed: readonly Timed[]; readonly refused: readonly Misplaced[] } {
    const taken = { timed: this.#timed, refused: this.#refused }
    this.#timed = []
    this.#refused = []
    return taken
  }

  #tellUnusable(lastNs: bigint, untilNs: bigint | null): void {
    for (const { reading, reason, lasts } of this.#unusable) {
      this.#timed.push(missing(reading, reason, lastNs < 0n ? 0n : lastNs, lasts ? null : untilNs))
    }
    this.#unusable = []
  }
}

function missing(
  { line, raw, latin1 }: Reading,
  reason: string,
  uptimeNs: bigint,
  untilNs: bigint | null
): Timed {
  const lost = { kind: 'lost', count: null, reason: `line ${line} is unusable: ${reason}`, untilNs } as const
  const reading = { line, lines: 0, raw, ...(latin1 === true ? { latin1 } : {}) }
  return {
    uptimeNs,
    reading: { ...reading, outcome: 'observed', timeNs: uptimeNs, clock: 'monotonic', observations: [lost] }
  }
}
