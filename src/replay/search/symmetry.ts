import type { Layout } from './packed-layout.ts'
import {
  bytes,
  frameFunction,
  frameOf,
  frameVersion,
  goneVersion,
  hookPlaces,
  isListed,
  limits,
  places,
  type Work
} from './packed-state.ts'
import type { PackedWorld } from './packed-world.ts'

/** A renaming of functions, and of sets where they have no meaning of their own, under which the rules stay the same. */
export interface Renaming {
  readonly functions: Uint8Array
  /** By the bits of functions. */
  readonly masks: Uint8Array
  readonly kinds: Uint8Array
}

/** A closed world's modules and functions have names that mean something. */
const identity = Uint8Array.from({ length: 64 }, (_, n) => n)
const asTheyAre: Renaming = { functions: identity, masks: identity, kinds: identity }

/**
 * One state for all that differ by names only: of tasks, of programs, of slots and functions in an open world. What
 * it chooses is always a renaming of the state; that it is the same for all of them saves work and decides nothing.
 */
export class Symmetry {
  readonly #world: PackedWorld
  readonly #layout: Layout
  readonly #renamings: readonly Renaming[]
  readonly #renamed = new Uint8Array(bytes.size)
  readonly #packed: Int32Array
  readonly #slotOf = new Uint8Array(8)
  readonly #slots = new Uint8Array(limits.patches)
  readonly #keys = new Int32Array(Math.max(limits.tasks, limits.hooks, limits.patches))
  readonly #sameOffers: boolean
  readonly #isReduced: boolean

  constructor(world: PackedWorld, layout: Layout, renamings: readonly Renaming[], isReduced = true) {
    this.#isReduced = isReduced
    this.#world = world
    this.#layout = layout
    this.#renamings = renamings.length === 0 ? [asTheyAre] : renamings
    this.#packed = new Int32Array(layout.words)
    const [first] = world.offers
    this.#sameOffers = world.offers.every((offer) => offer.join() === first?.join())
  }

  /** Packs the state that stands for this one, its words from `at` on. */
  pack(state: Uint8Array, into: Int32Array, at: number): void {
    if (!this.#isReduced) {
      this.#layout.pack(state, into, at)
      return
    }
    this.#renamings.forEach((renaming, n) => {
      this.#rename(state, renaming)
      if (n === 0) {
        this.#layout.pack(this.#renamed, into, at)
        return
      }
      this.#layout.pack(this.#renamed, this.#packed, 0)
      if (isLess(this.#packed, into, at)) into.set(this.#packed, at)
    })
  }

  /**
   * The same, as the state `place` of `into`, of what a move has made of `from`, which is the state `number` of
   * `states`.
   */
  packChanged(
    work: Work,
    from: Work,
    states: Int32Array,
    number: number,
    into: Int32Array,
    place: number
  ): void {
    const { words } = this.#layout
    if (this.#isReduced) this.pack(work.bytes, into, place * words)
    else this.#layout.packChanged(work, from, states, number * words, into, place * words)
  }

  #rename(state: Uint8Array, renaming: Renaming): void {
    const renamed = this.#renamed
    renamed.set(state)
    if (this.#world.isOpen) {
      this.#sortSlots(state, renaming)
      this.#moveSlots(state, renaming)
    }
    this.#sortTasks(renamed)
    if (this.#sameOffers) this.#sortHooks(renamed)
  }

  /** The list in its order, then the others by what they are. */
  #sortSlots(state: Uint8Array, { kinds }: Renaming): void {
    const keys = this.#keys
    const slots = this.#slots
    const { patches } = this.#world
    for (let slot = 0; slot < patches; slot += 1) {
      const loc = state[bytes.loc + slot] as number
      const kind = kinds[state[bytes.kind + slot] as number] as number
      const place = loc === places.absent ? 8 : loc
      const rest = isListed(loc) ? 0 : kind * 2 + (state[bytes.forced + slot] as number)
      const key = place * 256 + rest
      let at = slot
      while (at > 0 && (keys[at - 1] as number) > key) {
        keys[at] = keys[at - 1] as number
        slots[at] = slots[at - 1] as number
        at -= 1
      }
      keys[at] = key
      slots[at] = slot
    }
    for (let at = 0; at < patches; at += 1) this.#slotOf[slots[at] as number] = at
  }

  #moveSlots(state: Uint8Array, { functions, masks, kinds }: Renaming): void {
    const renamed = this.#renamed
    const slots = this.#slots
    const slotOf = this.#slotOf
    const world = this.#world
    for (let at = 0; at < world.patches; at += 1) {
      const slot = slots[at] as number
      const loc = state[bytes.loc + slot] as number
      renamed[bytes.loc + at] = loc
      renamed[bytes.kind + at] =
        loc === places.absent ? 0 : (kinds[state[bytes.kind + slot] as number] as number)
      renamed[bytes.forced + at] = state[bytes.forced + slot] as number
      renamed[bytes.flag + at] = state[bytes.flag + slot] as number
      renamed[bytes.scope + at] = state[bytes.scope + slot] as number
    }
    const moving = state[bytes.moving] as number
    renamed[bytes.moving] = moving === 0 ? 0 : (slotOf[moving - 1] as number) + 1
    renamed[bytes.nops] = masks[state[bytes.nops] as number] as number
    for (let at = bytes.frame; at < bytes.frame + limits.callDepth * world.tasks; at += 1) {
      const frame = state[at] as number
      if (frame === 0) continue
      const version = frameVersion(frame)
      const moved = version === 0 || version === goneVersion ? version : (slotOf[version - 1] as number) + 1
      renamed[at] = frameOf(functions[frameFunction(frame)] as number, moved)
    }
    const width = world.functions.length
    for (let hook = 0; hook < world.hooks; hook += 1) {
      const place = (state[bytes.hook + hook] as number) - hookPlaces.first
      if (place < 0) continue
      const slot = slotOf[Math.floor(place / width)] as number
      renamed[bytes.hook + hook] = hookPlaces.first + slot * width + (functions[place % width] as number)
    }
  }

  #sortTasks(state: Uint8Array): void {
    for (let task = 1; task < this.#world.tasks; task += 1) {
      for (let at = task; at > 0 && taskKeyOf(state, at - 1) > taskKeyOf(state, at); at -= 1) {
        swap(state, bytes.pending + at)
        swap(state, bytes.frame + 2 * at, 2)
        swap(state, bytes.frame + 2 * at + 1, 2)
      }
    }
  }

  #sortHooks(state: Uint8Array): void {
    for (let hook = bytes.hook + 1; hook < bytes.hook + this.#world.hooks; hook += 1) {
      for (let at = hook; at > bytes.hook && (state[at - 1] as number) > (state[at] as number); at -= 1)
        swap(state, at)
    }
  }
}

function taskKeyOf(state: Uint8Array, task: number): number {
  const at = bytes.frame + 2 * task
  return (
    ((state[at] as number) << 7) | ((state[at + 1] as number) << 1) | (state[bytes.pending + task] as number)
  )
}

function swap(state: Uint8Array, at: number, distance = 1): void {
  const one = state[at] as number
  state[at] = state[at - distance] as number
  state[at - distance] = one
}

/** Whether the words are less than those that the other has from `at` on. */
function isLess(one: Int32Array, other: Int32Array, at: number): boolean {
  for (let word = 0; word < one.length; word += 1) {
    if (one[word] !== other[at + word]) return (one[word] as number) < (other[at + word] as number)
  }
  return false
}
