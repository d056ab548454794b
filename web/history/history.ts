import {
  Changes,
  copyState,
  emptyState,
  evolve,
  type KernelState,
  type TimelineEvent
} from '../../src/projections/index.ts'

/** A state is kept every so many events: no look folds more than that. */
const savedEvery = 256

/**
 * The events of one stream, and the state behind each: folded by the projections' own `evolve`, so that the
 * page has no second idea of what an event means. Times are numbers of ns since `baseNs`, for drawing.
 */
export class History {
  readonly baseNs: bigint
  readonly events: TimelineEvent[] = []
  /** When the state behind each event was reached: never falls, also where an event came late. */
  readonly #times: number[] = []
  /** Whether the event changed what is patched, hooked or under way. */
  readonly #changing: boolean[] = []
  readonly #saved: KernelState[] = []
  readonly #front: KernelState = emptyState()
  readonly #changes = new Changes()
  #kept: { readonly index: number; readonly state: KernelState }[] = []

  constructor(baseNs: bigint) {
    this.baseNs = baseNs
  }

  get length(): number {
    return this.events.length
  }

  append(events: readonly TimelineEvent[]): void {
    for (const event of events) {
      if (this.events.length % savedEvery === 0) this.#saved.push(copyState(this.#front))
      evolve(this.#front, event, this.#changes)
      this.events.push(event)
      this.#times.push(this.since(this.#front.uptimeNs))
      this.#changing.push(this.#changes.any)
      this.#changes.clear()
    }
  }

  /** A time of the stream as ns since the base. */
  since(ns: bigint | string): number {
    return Number(BigInt(ns) - this.baseNs)
  }

  /** Ns since boot of a time on the page, exactly for an event's own. */
  uptimeNs(time: number): bigint {
    return this.baseNs + BigInt(Math.round(time))
  }

  timeOf(index: number): number {
    return this.#times[index] ?? 0
  }

  isChanging(index: number): boolean {
    return this.#changing[index] ?? false
  }

  /** The last event at or before a time; -1 before the first. */
  indexAt(time: number): number {
    return lastAtMost(this.#times, time)
  }

  /** The last event at or before a position; -1 before the first. */
  indexOfPosition(position: number): number {
    let [low, high] = [0, this.events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.events[middle]?.position ?? 0) <= position) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** The state right behind an event; -1: before the first. Not to be changed. */
  stateBehind(index: number): KernelState {
    const known = this.#kept.find((one) => one.index === index)
    if (known !== undefined) return known.state
    const state = this.#fold(index)
    this.#kept = [{ index, state }, ...this.#kept.slice(0, 3)]
    return state
  }

  #fold(index: number): KernelState {
    if (index < 0) return emptyState()
    const saved = Math.floor(index / savedEvery)
    const near = this.#kept.find((one) => one.index < index && one.index >= saved * savedEvery)
    const state = copyState(near?.state ?? this.#saved[saved] ?? emptyState())
    const changes = new Changes()
    for (let n = near === undefined ? saved * savedEvery : near.index + 1; n <= index; n++) {
      const event = this.events[n]
      if (event !== undefined) evolve(state, event, changes)
    }
    return state
  }
}

/** The last place whose value is at most this, in values that never fall; -1 when none is. */
export function lastAtMost(values: readonly number[], limit: number): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((values[middle] ?? 0) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
