import type { Operation, World } from '../../kernel/index.ts'
import type { KernelState } from '../../projections/index.ts'

/** An operation of a run, and when it happens. */
export interface TimedOperation {
  readonly operation: Operation
  readonly uptimeNs: bigint
}

/** What a fault finds: the state right before an operation, and what would happen from here on. */
export interface Place {
  readonly state: KernelState
  readonly world: World
  /** The next operations, as far as the run looks ahead; the first is the one that the place is named by. */
  readonly ahead: readonly TimedOperation[]
}

/** One way in which a fault applies at a place. */
export interface Injection {
  /** Which of the ways: the task, the step, the errno; empty when there is only one. */
  readonly variant: string
  /** What happens instead of `ahead`. */
  readonly ahead: readonly TimedOperation[]
  /** The world from here on, where the fault is one of the kernel's rules. */
  readonly world?: World
}

/** Something that goes wrong in the kernel, or that its users do at the wrong moment. */
export interface KernelFault {
  /** As `--fault NAME@WHERE` has it. */
  readonly name: string
  /** What goes wrong, in a sentence. */
  readonly says: string
  /** Every way in which it applies at the place, always in the same order; none where it does not. */
  inject(place: Place): readonly Injection[]
}
