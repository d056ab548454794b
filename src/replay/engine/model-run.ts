import { type Operation, type Outcome, perform, type World } from '../../kernel/index.ts'
import { copyState, emptyState, type KernelState } from '../../projections/index.ts'
import type { Watch } from './watch.ts'

/** A run of the model under watch: it can stop at any operation and go on in more ways than one. */
export class ModelRun {
  readonly world: World
  readonly state: KernelState
  readonly watch: Watch

  constructor(world: World, watch: Watch, state: KernelState = emptyState()) {
    this.world = world
    this.watch = watch
    this.state = state
    this.state.policy = world.rules.name
  }

  /** The operation happens, at this time or, if that has passed, now. */
  perform(operation: Operation, uptimeNs: bigint): Outcome {
    const at = uptimeNs > this.state.uptimeNs ? uptimeNs : this.state.uptimeNs
    const outcome = perform(this.state, operation, this.world, at, this.watch)
    this.watch.rest(this.state, { operation, ret: outcome.ret })
    return outcome
  }

  /**
   * A second run from here on, maybe in another world. What it costs follows from the state, not from what has
   * happened.
   */
  fork(world: World = this.world): ModelRun {
    return new ModelRun(world, this.watch.fork(world), copyState(this.state))
  }
}
