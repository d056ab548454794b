import { hookInvariants } from './invariants-hooks.ts'
import { lifetimeInvariants } from './invariants-lifetime.ts'
import { replacementInvariants } from './invariants-replacement.ts'
import { stackInvariants } from './invariants-stacks.ts'
import type { Invariant } from './invariants-support.ts'
import { transitionInvariants } from './invariants-transitions.ts'

/** The laws of E that a run of the model is checked by. */
export const invariants: readonly Invariant[] = [
  ...transitionInvariants,
  ...stackInvariants,
  ...replacementInvariants,
  ...lifetimeInvariants,
  ...hookInvariants
]
