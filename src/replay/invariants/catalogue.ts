import type { Policy } from '../../events/index.ts'
import { callbackWords, replacedIsSilent } from './callback-laws.ts'
import { nobodyInRemoved, reverseRestores } from './completion-laws.ts'
import { changesAtOwnSwitch, oneSetOfVersions } from './consistency-laws.ts'
import { coverage } from './coverage.ts'
import { freedOnce, sysfsShowsList } from './free-laws.ts'
import { armedWhereRegistered, attachesInAnyOrder, ftraceIsOn, oneIpmodify } from './ftrace-laws.ts'
import { hookOnMappedText, overrideBesideLivepatch, overrideIsListed } from './hook-laws.ts'
import type { Invariant } from './invariant.ts'
import { keptFunctionsStay } from './kept-functions.ts'
import { forcePinsRemoved, referencesHold, textOutlivesUse } from './lifetime-laws.ts'
import { freedBehindSync, noNopOutOfScope, nopHidesNobody, nopsAreExact } from './nop-laws.ts'
import { loadedIsPatched, refusedIsUnpatched, relocationsAreCleared } from './object-laws.ts'
import { refusedLeavesNothing } from './refusal-laws.ts'
import { replacedAreGone, scopeStays } from './replacement-laws.ts'
import { conflictIsRefused, onePatchOfSet, setsAreApart } from './set-laws.ts'
import { shadowing } from './shadowing.ts'
import { lastPatchRuns, nopsOnlyInTransition, stackIsListBackwards } from './stack-laws.ts'
import { statesAreCarried, statesOfOthersAreTheirs } from './state-laws.ts'
import { forkInherits, pendingIsBehind, restIsUndefined, switchedOffStack } from './task-laws.ts'
import { disabledIsFinal, liveness, oneTransition } from './transition-laws.ts'

/** The laws of part E, in its order. O7 and O8 are about shadow variables, of which no model here has any. */
export const invariants: readonly Invariant[] = [
  oneTransition,
  restIsUndefined,
  pendingIsBehind,
  switchedOffStack,
  changesAtOwnSwitch,
  oneSetOfVersions,
  nobodyInRemoved,
  reverseRestores,
  liveness,
  disabledIsFinal,
  forkInherits,
  stackIsListBackwards,
  nopsOnlyInTransition,
  nopsAreExact,
  noNopOutOfScope,
  nopHidesNobody,
  freedBehindSync,
  replacedAreGone,
  keptFunctionsStay,
  scopeStays,
  onePatchOfSet,
  setsAreApart,
  refusedLeavesNothing,
  conflictIsRefused,
  lastPatchRuns,
  shadowing,
  referencesHold,
  forcePinsRemoved,
  textOutlivesUse,
  sysfsShowsList,
  freedOnce,
  loadedIsPatched,
  refusedIsUnpatched,
  relocationsAreCleared,
  callbackWords,
  replacedIsSilent,
  statesAreCarried,
  statesOfOthersAreTheirs,
  oneIpmodify,
  ftraceIsOn,
  attachesInAnyOrder,
  armedWhereRegistered,
  hookOnMappedText,
  coverage,
  overrideIsListed,
  overrideBesideLivepatch
]

/** Those that mean something under a policy. */
export function invariantsFor(policy: Policy): readonly Invariant[] {
  return invariants.filter(({ applies }) => applies.includes(policy))
}
