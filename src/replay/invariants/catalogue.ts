import type { Policy } from '../../events/index.ts'
import type { Invariant } from './invariant.ts'
import { shadowing } from './shadowing.ts'

/** The laws of part E. */
export const invariants: readonly Invariant[] = [shadowing]

/** Those that mean something under a policy. */
export function invariantsFor(policy: Policy): readonly Invariant[] {
  return invariants.filter(({ applies }) => applies.includes(policy))
}
