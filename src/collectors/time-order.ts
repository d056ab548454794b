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

/** What the order shows about the evidence: a record has no place, or the clock is none from here on (`lasts`). */
export interface ClockTrouble {
  readonly reading: Reading
  readonly reason: string
  readonly lasts: boolean
}

/** How many readings are held, so that one that comes late finds its place among them. */
const heldMax = 64

/** Buffers that are merged carelessly are not further apart than this; a greater distance is a clock's. */
const disorderNs = 100_000_000n

/** How many of the last records are remembered, to know one that comes again. */
const rememberedMax = 4096

/**
 * Puts readings in the order of their time. Buffers of several CPUs may be merged carelessly, so a reading is held
 * until enough others came behind it. A line whose clock jumped ahead is known by the next one that did not, so that
 * one broken time does not cost all that follow. A line that is there twice is let through once.
 */
export class TimeOrder {
  readonly #held: Timed[] = []
  readonly #newestOfCpu = new Map<number, bigint>()
  readonly #remembered = new Map<string, { readonly line: number; readonly uptimeNs: bigint }>()
  readonly #misplaced: Misplaced[] = []
  readonly #troubles: ClockTrouble[] = []
  #newestNs = -1n
  #lastNs = -1n
  /** The reading before was refused because its time had gone back. */
  #wentBack = false

  /** The time of the last reading that was let through; below zero before the first. */
  get lastNs(): bigint {
    return this.#lastNs
  }

  /** The reading with the greatest time so far. */
  get newest(): Timed | undefined {
    return this.#held.at(-1)
  }

  /** Returns what may go on now. */
  push(next: Timed): Timed | null {
    const { raw, line } = next.reading
    const before = this.#remembered.get(raw)
    if (before?.uptimeNs === next.uptimeNs) {
      this.#misplaced.push({ reading: next.reading, reason: `the same record as line ${before.line}` })
      return null
    }
    if (next.uptimeNs < this.#newestNs) this.#dropIfAhead(next)
    if (next.uptimeNs < this.#lastNs || this.#newestNs - next.uptimeNs > disorderNs) {
      // One line may be broken; two in a row show that the clock was set.
      this.#refuse(next.reading, `the time went back by ${this.#newestNs - next.uptimeNs} ns`, this.#wentBack)
      this.#wentBack = true
      return null
    }
    this.#wentBack = false
    this.#checkClock(next)
    this.#remember(raw, line, next.uptimeNs)
    this.#insert(next)
    return this.#held.length > heldMax ? this.#pass() : null
  }

  /** Everything that is still held. */
  end(): Timed[] {
    const rest: Timed[] = []
    for (let timed = this.#pass(); timed !== null; timed = this.#pass()) rest.push(timed)
    return rest
  }

  /** Readings that were refused since the last call. */
  misplaced(): Misplaced[] {
    return this.#misplaced.splice(0)
  }

  /** Where the clock turned out not to be one since the last call. */
  troubles(): ClockTrouble[] {
    return this.#troubles.splice(0)
  }

  /** When the one before it is alone in being so far ahead, that one is wrong. */
  #dropIfAhead(next: Timed): void {
    const ahead = this.#held.at(-1)
    const before = this.#held.at(-2)?.uptimeNs ?? this.#lastNs
    if (ahead === undefined || before > next.uptimeNs || ahead.uptimeNs - next.uptimeNs <= disorderNs) return
    this.#held.pop()
    this.#remembered.delete(ahead.reading.raw)
    this.#newestNs = before
    const { cpu } = ahead.reading
    if (cpu !== undefined) this.#newestOfCpu.delete(cpu)
    const distance = ahead.uptimeNs - next.uptimeNs
    this.#refuse(ahead.reading, `the time is ${distance} ns ahead of the line that follows`, false)
  }

  /** Within one CPU's buffer no time goes back, however carelessly the buffers are merged. */
  #checkClock({ reading, uptimeNs }: Timed): void {
    const { cpu } = reading
    if (cpu === undefined) return
    const newest = this.#newestOfCpu.get(cpu) ?? -1n
    if (uptimeNs >= newest) this.#newestOfCpu.set(cpu, uptimeNs)
    else {
      const reason = `CPU ${cpu}'s time went back by ${newest - uptimeNs} ns`
      this.#troubles.push({ reading, reason, lasts: true })
    }
  }

  #insert(next: Timed): void {
    let at = this.#held.length
    while (at > 0 && (this.#held[at - 1]?.uptimeNs ?? 0n) > next.uptimeNs) at -= 1
    this.#held.splice(at, 0, next)
    if (next.uptimeNs > this.#newestNs) this.#newestNs = next.uptimeNs
  }

  #pass(): Timed | null {
    const timed = this.#held.shift() ?? null
    if (timed !== null) this.#lastNs = timed.uptimeNs
    return timed
  }

  #remember(raw: string, line: number, uptimeNs: bigint): void {
    this.#remembered.set(raw, { line, uptimeNs })
    if (this.#remembered.size <= rememberedMax) return
    for (const [oldest] of this.#remembered) {
      this.#remembered.delete(oldest)
      return
    }
  }

  #refuse(reading: Reading, reason: string, lasts: boolean): void {
    this.#misplaced.push({ reading, reason })
    this.#troubles.push({ reading, reason, lasts })
  }
}
