import { invariantsFor } from '../invariants/catalogue.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { makeMove } from './make-move.ts'
import { coveredHooks } from './packed-coverage.ts'
import { type LawId, law, lawIds } from './packed-laws.ts'
import { Layout } from './packed-layout.ts'
import { type MoveName, Moves, moveNames, movesMax, refusalNames } from './packed-moves.ts'
import { bytes, copyWork, newWork, readOrder } from './packed-state.ts'
import type { PackedWorld } from './packed-world.ts'
import { StateTable } from './state-table.ts'
import { type Renaming, Symmetry } from './symmetry.ts'

/** Where an invariant was first seen broken: by this move, in this state. */
export interface Break {
  readonly law: LawId
  readonly state: number
  readonly move: number
  /** How many moves lead there, the last one included. */
  readonly depth: number
}

export interface SearchLimits {
  readonly depth: number
  readonly states: number
}

/** What a search leaves out, and how far it goes. */
export interface SearchPlan extends SearchLimits {
  /** Moves that are never made. */
  readonly without?: readonly MoveName[]
  /** Whether states that differ by names only count once; they do, unless told otherwise. */
  readonly isReduced?: boolean
}

/** Everything that can happen in a packed world, breadth first, each state once. It runs in pieces. */
export class Search {
  readonly world: PackedWorld
  readonly layout: Layout
  readonly table: StateTable
  readonly breaks: Break[] = []
  readonly #symmetry: Symmetry
  readonly #limits: SearchLimits
  readonly #work = newWork()
  readonly #from = newWork()
  readonly #packed: Int32Array
  readonly #moves: Moves
  readonly #watched: readonly Invariant[]
  readonly #moved = new Float64Array(moveNames.length)
  #next = 0
  #depth = 0
  #levelEnd = 1
  #transitions = 0
  #refusals = 0
  #broken = 0

  constructor(world: PackedWorld, renamings: readonly Renaming[], plan: SearchPlan) {
    this.world = world
    this.#limits = plan
    this.#watched = this.invariants
    this.#moves = new Moves(plan.without)
    this.layout = new Layout(world)
    this.table = new StateTable(this.layout.words)
    this.#symmetry = new Symmetry(world, this.layout, renamings, plan.isReduced)
    this.#packed = new Int32Array(movesMax * this.layout.words)
    this.#readConstants()
    this.#symmetry.pack(this.#from.bytes, this.#packed, 0)
    this.table.addAll(this.#packed, 1, -1, new Uint16Array(1))
  }

  /** In a closed world a slot's kind is always the same, and so no part of a state. */
  #readConstants(): void {
    if (this.world.isOpen) return
    for (let slot = 0; slot < this.world.patches; slot += 1) this.#from.bytes[bytes.kind + slot] = slot
  }

  /** The packed form of a state, as text, after all renaming. */
  packed(state: Uint8Array): string {
    const into = new Int32Array(this.layout.words)
    this.#symmetry.pack(state, into, 0)
    return into.join(' ')
  }

  /** The same of a state that was found. */
  packedAt(state: number): string {
    const { words } = this.layout
    return this.table.states.subarray(state * words, (state + 1) * words).join(' ')
  }

  /** The same of what a move makes of a state that was found. */
  packedBehind(state: number, move: number): string {
    const work = this.#work
    this.#load(state)
    this.#from.covered = coveredHooks(this.#from, this.world)
    copyWork(work, this.#from)
    makeMove(work, this.world, move)
    return this.packed(work.bytes)
  }

  get transitions(): number {
    return this.#transitions
  }

  /** How many moves lead to the states that are looked at just now. */
  get depth(): number {
    return this.#depth
  }

  /** States that were found and not yet looked at. */
  get open(): number {
    return this.table.count - this.#next
  }

  /** Whether every state that there is was looked at. */
  get isExhausted(): boolean {
    return this.#next === this.table.count
  }

  /** The invariants that it looks at: those of the packed ones that mean something under the policy. */
  get invariants(): readonly Invariant[] {
    const ids = new Set<string>(lawIds)
    return invariantsFor(this.world.world.rules.name).filter(({ id }) => ids.has(id))
  }

  /** Moves that were possible nowhere. */
  get untaken(): MoveName[] {
    return moveNames.filter(
      (name, number) => this.#moved[number] === 0 && (name !== 'replaceable' || this.world.hasFlag)
    )
  }

  /** Refusals that nothing met. */
  get unmet(): string[] {
    return refusalNames.filter(
      (name, bit) =>
        ((this.#refusals >> bit) & 1) === 0 && (!name.startsWith('replaceable') || this.world.hasFlag)
    )
  }

  /** Looks at so many states more. Whether there is anything left to do within the limits. */
  run(count: number): boolean {
    const { table } = this
    const end = this.#next + count
    while (this.#next < table.count && this.#next < end) {
      if (this.#next === this.#levelEnd) {
        this.#depth += 1
        this.#levelEnd = table.count
      }
      if (this.#depth >= this.#limits.depth || table.count >= this.#limits.states) return false
      this.#look(this.#next)
      this.#next += 1
    }
    return this.#next < table.count
  }

  #load(state: number): void {
    const { table, layout } = this
    layout.unpack(table.states, state * layout.words, this.#from.bytes)
    readOrder(this.#from)
  }

  #look(state: number): void {
    const { world, table } = this
    const work = this.#work
    const from = this.#from
    const moves = this.#moves
    this.#load(state)
    moves.read(from, world)
    this.#refusals |= moves.refusals
    if (moves.bystanderRefusal >= 0) this.#note(law['O6-scope'], state, moves.bystanderRefusal)
    for (let n = 0; n < moves.count; n += 1) {
      const move = moves.list[n] as number
      copyWork(work, from)
      makeMove(work, world, move)
      if (work.broken !== 0) this.#note(work.broken, state, move)
      this.#symmetry.packChanged(work, from, table.states, state, this.#packed, n)
      const name = move >> 8
      this.#moved[name] = (this.#moved[name] as number) + 1
    }
    table.addAll(this.#packed, moves.count, state, moves.list)
    this.#transitions += moves.count
  }

  /** The first time is the shortest way. */
  #note(broken: number, state: number, move: number): void {
    const fresh = broken & ~this.#broken
    if (fresh === 0) return
    this.#broken |= fresh
    for (const { id } of this.#watched) {
      if ((fresh & law[id as LawId]) !== 0)
        this.breaks.push({ law: id as LawId, state, move, depth: this.#depth + 1 })
    }
  }
}
