import type { KernelState } from '../../src/projections/index.ts'

/** A thread's patch state, as /proc/PID/patch_state shows it: -1 outside of a transition. */
export function patchStateIn({ transition }: KernelState, pid: number): -1 | 0 | 1 {
  if (transition === null) return -1
  const { goal, switched, behind, forcedNs } = transition
  const atGoal = forcedNs !== null || (behind === null ? switched.has(pid) : !behind.has(pid))
  return atGoal === (goal === 'patched') ? 1 : 0
}
