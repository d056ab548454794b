import { bytes, hookPlaces, limits, type Work } from './packed-state.ts'
import type { PackedWorld } from './packed-world.ts'

/** A byte of a state, and where its bits are. */
interface PlacedField {
  readonly from: number
  readonly word: number
  readonly shift: number
  readonly mask: number
}

/** Fields in the order of their bytes, and with which one each four bytes of a state begin. */
interface FieldsInFours {
  readonly byte: Uint8Array
  readonly word: Uint8Array
  readonly shift: Uint8Array
  readonly starts: Uint8Array
}

/** Where each byte of a state that a world can change stands in its 32-bit words: as few as hold them all. */
export class Layout {
  /** 32-bit words of a state. */
  readonly words: number
  readonly #fields: readonly number[]
  readonly #from: Uint8Array
  readonly #shift: Uint8Array
  readonly #mask: Int32Array
  /** Behind which field each word ends; the fields are in the order of their words. */
  readonly #ends: Uint8Array
  readonly #byFour: FieldsInFours

  constructor(world: PackedWorld) {
    const fields = fieldsOf(world)
    const used: number[] = []
    const placed = fields
      .map(([from, bits]) => {
        let word = used.findIndex((taken) => taken + bits <= 32)
        if (word < 0) word = used.push(0) - 1
        const shift = used[word] as number
        used[word] = shift + bits
        return { from, word, shift, mask: 2 ** bits - 1 }
      })
      .sort((a, b) => a.word - b.word)
    this.words = Math.max(1, used.length)
    this.#fields = fields.map(([, bits]) => bits)
    this.#from = Uint8Array.from(placed, ({ from }) => from)
    this.#ends = Uint8Array.from(
      { length: this.words },
      (_, word) => placed.findLastIndex((field) => field.word === word) + 1
    )
    this.#shift = Uint8Array.from(placed, ({ shift }) => shift)
    this.#mask = Int32Array.from(placed, ({ mask }) => mask)
    this.#byFour = inFours(placed)
  }

  /** How many bits of a state are in use. */
  get bits(): number {
    return this.#fields.reduce((sum, bits) => sum + bits, 0)
  }

  pack(state: Uint8Array, into: Int32Array, at: number): void {
    const from = this.#from
    const shift = this.#shift
    const ends = this.#ends
    for (let word = 0, field = 0; word < ends.length; word += 1) {
      let value = 0
      for (const end = ends[word] as number; field < end; field += 1) {
        value |= (state[from[field] as number] as number) << (shift[field] as number)
      }
      into[at + word] = value
    }
  }

  /** The same for what a move has made of a state that is packed already: only what has changed is packed anew. */
  packChanged(
    work: Work,
    before: Work,
    packed: Int32Array,
    from: number,
    into: Int32Array,
    at: number
  ): void {
    for (let word = 0; word < this.words; word += 1) into[at + word] = packed[from + word] as number
    const { word: words, byte: places, shift, starts } = this.#byFour
    for (let four = 0; four < starts.length - 1; four += 1) {
      if (work.words[four] === before.words[four]) continue
      for (let field = starts[four] as number; field < (starts[four + 1] as number); field += 1) {
        const byte = places[field] as number
        const changed = (work.bytes[byte] as number) ^ (before.bytes[byte] as number)
        const word = at + (words[field] as number)
        into[word] = (into[word] as number) ^ (changed << (shift[field] as number))
      }
    }
  }

  unpack(packed: Int32Array, at: number, state: Uint8Array): void {
    const from = this.#from
    const shift = this.#shift
    const mask = this.#mask
    const ends = this.#ends
    for (let word = 0, field = 0; word < ends.length; word += 1) {
      const value = packed[at + word] as number
      for (const end = ends[word] as number; field < end; field += 1) {
        state[from[field] as number] = (value >>> (shift[field] as number)) & (mask[field] as number)
      }
    }
  }
}

function inFours(placed: readonly PlacedField[]): FieldsInFours {
  const fields = placed.toSorted((a, b) => a.from - b.from)
  const fours = bytes.size / 4
  return {
    byte: Uint8Array.from(fields, ({ from }) => from),
    word: Uint8Array.from(fields, ({ word }) => word),
    shift: Uint8Array.from(fields, ({ shift }) => shift),
    starts: Uint8Array.from(
      { length: fours + 1 },
      (_, four) => fields.filter(({ from }) => from < 4 * four).length
    )
  }
}

/** The bytes that can change, widest first, with the bits that each needs. */
function fieldsOf(world: PackedWorld): [at: number, bits: number][] {
  const fields: [number, number][] = []
  const add = (at: number, values: number) => {
    if (values > 1) fields.push([at, Math.ceil(Math.log2(values))])
  }
  const versions = 8 * Math.max(1, world.functions.length)
  for (let slot = 0; slot < world.patches; slot += 1) {
    add(bytes.loc + slot, 8)
    if (world.isOpen) add(bytes.kind + slot, world.kinds.length)
    add(bytes.forced + slot, 2)
    if (world.hasFlag) add(bytes.flag + slot, 2)
    add(bytes.scope + slot, 2)
  }
  add(bytes.moving, world.patches + 1)
  for (const at of [bytes.goal, bytes.isForced, bytes.isEnable, bytes.everForced]) add(at, 2)
  add(bytes.nops, 2 ** world.functions.length)
  for (let task = 0; task < world.tasks; task += 1) {
    add(bytes.pending + task, 2)
    for (let depth = 0; depth < world.callDepth; depth += 1) {
      add(bytes.frame + limits.callDepth * task + depth, versions)
    }
  }
  for (let hook = 0; hook < world.hooks; hook += 1) {
    add(bytes.hook + hook, hookPlaces.first + world.hookPlaces.length)
  }
  return fields.sort(([, a], [, b]) => b - a)
}
