import { decide, type Operation } from '../../../src/kernel/index.ts'
import type { Invariant } from '../../../src/replay/invariants/invariant.ts'
import { ConcreteRun } from '../../../src/replay/search/concrete-run.ts'
import { makeMove } from '../../../src/replay/search/make-move.ts'
import { Layout } from '../../../src/replay/search/packed-layout.ts'
import { Moves, moveArgument, moveName, refusalNames } from '../../../src/replay/search/packed-moves.ts'
import { loadBytes, newWork } from '../../../src/replay/search/packed-state.ts'
import type { PackedWorld } from '../../../src/replay/search/packed-world.ts'
import { type Renaming, Symmetry } from '../../../src/replay/search/symmetry.ts'
import type { Draw } from '../../kernel/random-runs.ts'

/** A walk through a packed world beside the model: each move is made on both. */
export class Walk {
  readonly run: ConcreteRun
  readonly work = newWork()
  readonly moves = new Moves()
  readonly world: PackedWorld
  readonly #symmetry: Symmetry
  readonly #words: number

  constructor(world: PackedWorld, renamings: readonly Renaming[], invariants: readonly Invariant[] = []) {
    this.world = world
    this.run = new ConcreteRun(world, invariants)
    const layout = new Layout(world)
    this.#words = layout.words
    this.#symmetry = new Symmetry(world, layout, renamings)
    this.look()
  }

  /** The packed state is read from the model's, under the names of its modules. */
  look(): void {
    loadBytes(this.work, this.run.bytes)
    this.moves.read(this.work, this.world)
  }

  /** The moves that the packed state leaves open, without loads, as the model's operations. */
  get operations(): Operation[] {
    return [...this.moves.list.subarray(0, this.moves.count)]
      .filter((move) => moveName(move) !== 'insmod')
      .map((move) => this.run.operationOf(moveName(move), moveArgument(move)))
  }

  /** What the packed state says of loads: the arguments of those that succeed. */
  get loads(): number[] {
    return [...this.moves.list.subarray(0, this.moves.count)]
      .filter((move) => moveName(move) === 'insmod')
      .map(moveArgument)
  }

  get refusals(): string[] {
    return refusalNames.filter((_, bit) => (this.moves.refusals >> bit) & 1)
  }

  /** What the model says of an operation that it does not make. */
  ask(operation: Operation): number {
    return decide(this.run.state, operation, this.run.world, this.run.state.uptimeNs).ret
  }

  /** Makes one of the moves that the packed state leaves open: what it came to on both sides. */
  step(draw: Draw): { move: number; ret: number; packed: string; model: string; broken: number } {
    const move = this.moves.list[draw(this.moves.count)] as number
    makeMove(this.work, this.world, move)
    const packed = this.#textOf(this.work.bytes)
    const { broken } = this.work
    const ret = this.run.move(move)
    this.look()
    return { move, ret, packed, model: this.#textOf(this.run.bytes), broken }
  }

  /** The state as the search would keep it. */
  #textOf(state: Uint8Array): string {
    const into = new Int32Array(this.#words)
    this.#symmetry.pack(state, into, 0)
    return into.join(' ')
  }
}
