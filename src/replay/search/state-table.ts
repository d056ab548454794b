import { movesMax } from './packed-moves.ts'

/** Room for states at the beginning; it doubles whenever it is full. */
const statesAtFirst = 1 << 12

/**
 * Every state once, in the order in which they were found, with the state and the move that it was found by: open
 * addressing over typed arrays.
 */
export class StateTable {
  readonly #words: number
  #room = statesAtFirst
  #states: Int32Array
  #parents: Int32Array
  #moves: Uint16Array
  /** By hash: the state's number and one. */
  #slots: Int32Array
  #count = 0
  readonly #hashes = new Int32Array(movesMax)
  readonly #found = new Int32Array(movesMax)

  constructor(words: number) {
    this.#words = words
    this.#states = new Int32Array(this.#room * words)
    this.#parents = new Int32Array(this.#room)
    this.#moves = new Uint16Array(this.#room)
    this.#slots = new Int32Array(this.#room * 2)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes that the table takes. */
  get size(): number {
    return (
      this.#states.byteLength + this.#parents.byteLength + this.#moves.byteLength + this.#slots.byteLength
    )
  }

  /** All states, each in so many words. The array is another one after the table has grown. */
  get states(): Int32Array {
    return this.#states
  }

  parentOf(state: number): number {
    return this.#parents[state] as number
  }

  moveTo(state: number): number {
    return this.#moves[state] as number
  }

  /**
   * Takes those of the states behind one parent that are not there yet, with the moves that lead to them. All of them
   * are looked for at once: the memory's answers overlap, where one at a time each would be waited for.
   */
  addAll(packed: Int32Array, count: number, parent: number, moves: Uint16Array): void {
    const hashes = this.#hashes
    for (let n = 0; n < count; n += 1) hashes[n] = hashOf(packed, n * this.#words, this.#words)
    this.#touch(count)
    for (let n = 0; n < count; n += 1)
      this.#add(packed, n * this.#words, hashes[n] as number, parent, moves[n] as number)
  }

  /** Reads what the hashes lead to, so that it is near when it is needed. */
  #touch(count: number): void {
    const slots = this.#slots
    const states = this.#states
    const hashes = this.#hashes
    const found = this.#found
    const last = slots.length - 1
    for (let n = 0; n < count; n += 1) found[n] = slots[(hashes[n] as number) & last] as number
    let sum = 0
    for (let n = 0; n < count; n += 1) {
      const number = found[n] as number
      if (number !== 0) sum ^= states[(number - 1) * this.#words] as number
    }
    // Used, or nobody would have to read them.
    found[0] = sum
  }

  #add(packed: Int32Array, from: number, hash: number, parent: number, move: number): void {
    const slots = this.#slots
    const states = this.#states
    const words = this.#words
    const last = slots.length - 1
    let slot = hash & last
    for (;;) {
      const found = slots[slot] as number
      if (found === 0) break
      const at = (found - 1) * words
      let word = 0
      while (word < words && states[at + word] === packed[from + word]) word += 1
      if (word === words) return
      slot = (slot + 1) & last
    }
    const number = this.#count
    const at = number * words
    for (let word = 0; word < words; word += 1) states[at + word] = packed[from + word] as number
    this.#parents[number] = parent
    this.#moves[number] = move
    slots[slot] = number + 1
    this.#count = number + 1
    if (this.#count === this.#room) this.#grow()
  }

  #grow(): void {
    this.#room *= 2
    const words = this.#words
    const states = new Int32Array(this.#room * words)
    states.set(this.#states)
    this.#states = states
    const parents = new Int32Array(this.#room)
    parents.set(this.#parents)
    this.#parents = parents
    const moves = new Uint16Array(this.#room)
    moves.set(this.#moves)
    this.#moves = moves
    const slots = new Int32Array(this.#room * 2)
    const last = slots.length - 1
    for (let number = 0; number < this.#count; number += 1) {
      let slot = hashOf(states, number * words, words) & last
      while (slots[slot] !== 0) slot = (slot + 1) & last
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

/** Murmur's mixing, word by word: neighbours among states should not be neighbours in the table. */
function hashOf(packed: Int32Array, from: number, words: number): number {
  let hash = 0x9e3779b9 | 0
  for (let word = from; word < from + words; word += 1) {
    let mixed = Math.imul(packed[word] as number, 0xcc9e2d51)
    mixed = (mixed << 15) | (mixed >>> 17)
    hash ^= Math.imul(mixed, 0x1b873593)
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return hash
}
