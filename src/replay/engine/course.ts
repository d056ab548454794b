import type { World } from '../../kernel/index.ts'
import { emptyState, type KernelState } from '../../projections/index.ts'
import type { TimedOperation } from '../faults/fault.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { ModelRun } from './model-run.ts'
import { Watch } from './watch.ts'

/** All that decides a run of the model: the kernel, and what happens to it from its boot on. */
export interface Course {
  readonly world: World
  /** Whether kprobes that are no hooks, a tracer's own, are armed from the beginning. */
  readonly otherKprobes: boolean
  readonly operations: readonly TimedOperation[]
}

/** A run at its beginning. */
export function beginRun(course: Omit<Course, 'operations'>, invariants: readonly Invariant[]): ModelRun {
  return new ModelRun(course.world, new Watch(course.world, invariants), beginningOf(course))
}

/** The run that a course gives, at its end. */
export function runCourse(course: Course, invariants: readonly Invariant[]): ModelRun {
  const run = beginRun(course, invariants)
  for (const { operation, uptimeNs } of course.operations) run.perform(operation, uptimeNs)
  return run
}

/** The state that a course begins with. */
function beginningOf({ world, otherKprobes }: Omit<Course, 'operations'>): KernelState {
  return { ...emptyState(), policy: world.rules.name, otherKprobes }
}
