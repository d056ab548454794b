import type { HistoryEvent } from '../../events/index.ts'
import { Changes, copyState, emptyState, evolve, type KernelState } from '../../projections/index.ts'

/** Events between two saved states: what a step back costs at most. */
const savedEvery = 256

/** How many states are kept; the first is always among them. */
const savedMax = 2000

/** What a walk over the history is shown behind each event: the state is its to read during the call only. */
export type Visit = (state: KernelState, event: HistoryEvent, place: number) => boolean

/**
 * A place in a history, and the state there: place 0 is before the first event, place n right behind the n-th.
 * It goes either way at the cost of a few events, since it keeps states as it comes by.
 */
export class Cursor<Event extends HistoryEvent = HistoryEvent> {
  readonly history: readonly Event[]
  readonly #saved = new Map<number, KernelState>()
  readonly #changes = new Changes()
  readonly #every: number
  #state: KernelState
  #place = 0

  /** `start` is the state before the first event, which the cursor takes for its own. */
  constructor(history: readonly Event[], start: KernelState = emptyState()) {
    this.history = history
    this.#every = Math.max(savedEvery, Math.ceil(history.length / savedMax))
    this.#saved.set(0, copyState(start))
    this.#state = start
  }

  get place(): number {
    return this.#place
  }

  get end(): number {
    return this.history.length
  }

  /** The state at the place. It is changed in place by the next move. */
  get state(): KernelState {
    return this.#state
  }

  /** The event that the place is right behind; null before the first. */
  get event(): Event | null {
    return this.history[this.#place - 1] ?? null
  }

  /** Goes to a place, or to the nearest end. */
  goto(place: number): void {
    const wanted = Math.min(Math.max(place, 0), this.end)
    if (wanted < this.#place || wanted - this.#place > this.#every) this.#restore(wanted)
    while (this.#place < wanted) this.#forth()
  }

  /** Moves by so many events, back where the number is below zero. */
  step(count: number): void {
    this.goto(this.#place + count)
  }

  /** The state at another place, as a copy; the cursor and its own state stay as they are. */
  stateAt(place: number): KernelState {
    const wanted = Math.min(Math.max(place, 0), this.end)
    const [kept, from] = this.#nearest(wanted)
    const state = copyState(kept)
    const changes = new Changes()
    for (const event of this.history.slice(from, wanted)) evolve(state, event, changes)
    return state
  }

  /** The place behind the last event at or before a position of the log. */
  placeOf(position: number): number {
    let low = 0
    let high = this.end
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.history[middle - 1] as Event).position <= position) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Walks forth from a place and shows every event up to another; ends where the visit says so. */
  walk(from: number, to: number, begin: (state: KernelState) => void, visit: Visit): void {
    this.goto(from)
    begin(this.#state)
    while (this.#place < Math.min(to, this.end)) {
      const event = this.#forth()
      if (visit(this.#state, event, this.#place)) return
    }
  }

  /** The place that a walk back begins its look from: the nearest one that is kept, before `place`. */
  keptBefore(place: number): number {
    return Math.floor(Math.max(place - 1, 0) / this.#every) * this.#every
  }

  #forth(): Event {
    const event = this.history[this.#place] as Event
    evolve(this.#state, event, this.#changes)
    this.#changes.clear()
    this.#place += 1
    if (this.#place % this.#every === 0 && !this.#saved.has(this.#place)) {
      this.#saved.set(this.#place, copyState(this.#state))
    }
    return event
  }

  /** Takes up the nearest state at or before the place. */
  #restore(place: number): void {
    const [state, at] = this.#nearest(place)
    if (at === this.#place) return
    this.#state = copyState(state)
    this.#place = at
  }

  /** The nearest state at or before a place, and where it is from: a kept one, or the cursor's own. */
  #nearest(place: number): [KernelState, number] {
    let kept = Math.floor(place / this.#every) * this.#every
    while (!this.#saved.has(kept)) kept -= this.#every
    if (this.#place <= place && this.#place >= kept) return [this.#state, this.#place]
    return [this.#saved.get(kept) as KernelState, kept]
  }
}
