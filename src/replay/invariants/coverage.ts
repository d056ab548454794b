import { type HookState, type HookView, hookView, type KernelState } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'

interface Covered {
  /** The functions whose calls the program was reached by; a probe that is gone knows none any more. */
  readonly functions: readonly string[]
  /** Another program has got the calls since they were lost: the gap is over, and this program's turn too. */
  isSucceeded: boolean
}

interface Coverage {
  /** Hooks that all calls have reached since they were attached, by key. */
  covered: Map<string, Covered>
  stale: boolean
  found: readonly Complaint[]
}

/**
 * K6: from the first task that loses an attached program to the last that has it back, to another program that
 * takes its place, or to its detach. A program that calls have never all reached has nothing to lose.
 */
export const coverage = defineInvariant<Coverage>({
  id: 'K6',
  says: 'A program that calls of its function reach is reached by every call until it is detached.',
  holds: ['hybrid'],
  applies: everywhere,
  reads: [
    'patch.enabled',
    'patch.disabled',
    'patch.replaced',
    'patch.unpatched',
    'patch.freed',
    'object.patched',
    'object.unpatched',
    'nop.added',
    'nop.discarded',
    'task.switched',
    'transition.started',
    'transition.reversed',
    'transition.forced',
    'transition.completed',
    'hook.attached',
    'hook.detached',
    'hook.killed',
    'hook.counted',
    'module.unloaded',
    'host.observed'
  ],
  brokenBy: [
    'atomic replace of mainline (A.2)',
    'RFC 4/4 (E.6 S1, S2)',
    'a disable under an attached program'
  ],
  start: () => ({ covered: new Map(), stale: false, found: [] }),
  after: (memory, state, event) => {
    // Of the tasks that switch the first one matters, and the last one to come back.
    memory.stale ||= event.type !== 'task.switched' || isTurn(state, event.uptimeNs)
    return null
  },
  holding: (memory, state) => {
    if (memory.stale) memory.found = uncovered(memory.covered, state)
    memory.stale = false
    return memory.found
  }
})

function isTurn({ transition }: KernelState, uptimeNs: bigint): boolean {
  return transition === null || transition.firstSwitchNs === uptimeNs || transition.behind?.size === 0
}

function uncovered(covered: Map<string, Covered>, state: KernelState): Complaint[] {
  const views = state.hooks.map((hook) => ({ hook, view: hookView(state, hook) }))
  const attached = new Set(state.hooks.map(({ key }) => key))
  for (const key of covered.keys()) if (!attached.has(key)) covered.delete(key)
  const found: Complaint[] = []
  for (const { hook, view } of views) {
    const missing = missedBy(state, view)
    if (missing === null) {
      if (view.reach === 'all' || covered.has(hook.key))
        covered.set(hook.key, { functions: view.functions, isSucceeded: false })
      continue
    }
    const was = covered.get(hook.key)
    if (was === undefined) continue
    was.isSucceeded ||= views.some(
      (other) => other.hook !== hook && succeeds(other.hook, other.view, hook, was)
    )
    if (was.isSucceeded) continue
    const text = `${hook.program} is not reached by ${missing}: ${view.reason ?? view.status}`
    found.push({ subject: hook.key, text })
  }
  return found
}

/** Whose calls miss the program: in words, null for nobody's. */
function missedBy({ transition }: KernelState, { reach }: HookView): string | null {
  if (reach === 'all') return null
  if (reach === 'none' || transition === null) return 'any call'
  const isForced = transition.forcedNs !== null
  if (reach === 'unswitched') {
    if (isForced) return 'any call'
    return transition.firstSwitchNs === null ? null : 'calls of tasks that have switched'
  }
  return isForced || transition.behind?.size === 0 ? null : 'calls of tasks that have not switched'
}

/** Who is left with the tasks that have not switched yet is on its way out, and takes over nothing. */
function succeeds(other: HookState, view: HookView, hook: HookState, { functions }: Covered): boolean {
  if (view.reach === 'none' || view.reach === 'unswitched') return false
  if (hook.overrides === true && other.overrides === false) return false
  return view.functions.some((key) => functions.includes(key))
}
