import type { EventType, HistoryEvent, Policy } from '../../events/index.ts'
import type { Operation, World } from '../../kernel/index.ts'
import type { KernelState } from '../../projections/index.ts'

/** What is wrong: with whom (a patch, a function's key, a hook's), so that it is known again, and in words. */
export interface Complaint {
  readonly subject: string
  readonly text: string
}

/** An operation that came to its end, and to what; a recorded history does not always tell, and has null for both. */
export interface Ended {
  readonly operation: Operation | null
  readonly ret: number | null
}

/**
 * A law of part E of the semantics. It looks at a run event by event and keeps what it has to remember in a memory
 * of its own, which `structuredClone` can copy: a run that forks takes the memory along. The state that it is
 * shown is changed in place, and is its to read during the call only.
 */
export interface Invariant<Memory = unknown> {
  readonly id: string
  /** What has to be true, in a sentence. */
  readonly says: string
  /** The policies that promise it: the letters M, H and R of part E. Elsewhere it is a hazard when it breaks. */
  readonly holds: readonly Policy[]
  /** The policies under which its words mean something; a set means nothing in mainline. */
  readonly applies: readonly Policy[]
  /** The events that it is shown. */
  readonly reads: readonly EventType[] | 'every'
  /** What broke it: commits and mails of part E, and faults and bugs of the model by their names. */
  readonly brokenBy: readonly string[]
  start(world: World): Memory
  /** The event is about to change the state. */
  before?(memory: Memory, state: KernelState, event: HistoryEvent, world: World): void
  /** The event has changed the state: what is wrong with the step itself. */
  after?(
    memory: Memory,
    state: KernelState,
    event: HistoryEvent,
    world: World
  ): Complaint | readonly Complaint[] | null
  /** All that is wrong with the state behind an event, for as long as it lasts. */
  holding?(memory: Memory, state: KernelState, world: World): readonly Complaint[]
  /** All that is wrong when an operation has come to its end, for as long as it lasts. */
  rest?(memory: Memory, state: KernelState, ended: Ended, world: World): readonly Complaint[]
}

/** An invariant whose memory only it knows. */
export function defineInvariant<Memory>(invariant: Invariant<Memory>): Invariant {
  return invariant
}

/** All policies. */
export const everywhere: readonly Policy[] = ['mainline', 'hybrid', 'replace-set']
