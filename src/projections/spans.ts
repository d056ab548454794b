import type { Goal, HookKind } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { unsureOf } from './doubt.ts'
import { type HookStatus, hookMet, hookView, type Reach } from './hook-status.ts'
import type { SpanTracker } from './span-tracker.ts'
import { inTransition, type Version, versionAt } from './stack.ts'
import { type DoubtPart, doubtParts, type HookState, type KernelState, type PatchState } from './state.ts'

/** What a call runs, and the program that it reaches. */
export interface View {
  readonly version: Version
  readonly hook: string | null
}

/** A function between two changes. Outside a transition `unswitched` equals `switched`. */
export interface FunctionSpan {
  readonly stack: readonly { readonly patch: string; readonly nop: boolean }[]
  /** The position where the transition that matters here began, and its goal; null outside of one. */
  readonly transition: number | null
  readonly goal: Goal | null
  readonly unswitched: View
  readonly switched: View
  readonly unsure: string | null
}

/** A hook between two changes. */
export interface HookSpan {
  readonly program: string
  readonly kind: HookKind
  readonly module: string | null
  readonly function: string | null
  readonly address: string | null
  readonly overrides: boolean | null
  readonly status: HookStatus
  readonly reach: Reach
  readonly reason: string | null
  readonly functions: readonly string[]
  readonly transition: number | null
  readonly unsure: string | null
}

/** A patch between two changes. */
export interface PatchSpan {
  readonly enabled: boolean
  readonly goal: Goal | null
  readonly stackOrder: number
  readonly replacedBy: string | null
  readonly forced: boolean
  readonly unsure: string | null
}

/** A transition towards one goal; a reverse ends it and begins the next. */
export interface TransitionSpan {
  readonly patch: string
  readonly goal: Goal
  readonly firstSwitchNs: string | null
  readonly forcedNs: string | null
  readonly signaledNs: string | null
  /** Tasks may switch. */
  readonly started: boolean
  /** A try was made: it names every task that is not at the goal. */
  readonly tried: boolean
  /** Evidence was missing at some time in it. */
  readonly unsure: string | null
}

/** From lost evidence, or what contradicts it, to the snapshot that confirms the state. */
export interface DoubtSpan {
  readonly reason: string
  /** The parts that no snapshot has shown since. */
  readonly about: readonly DoubtPart[]
}

/** Looks at what an event changed and tells the tracker the new values. */
export function trackSpans(state: KernelState, changes: Changes, tracker: SpanTracker): void {
  if (changes.doubt) {
    trackDoubt(state, tracker)
    touchAll(state, changes)
  }
  if (changes.patches) trackPatches(state, tracker)
  if (changes.transition) trackTransition(state, tracker)
  trackHooks(state, changes, tracker)
  for (const key of changes.functions) trackFunction(state, key, tracker)
}

function trackDoubt(state: KernelState, tracker: SpanTracker): void {
  const about = doubtParts.filter((part) => state.doubt[part] !== null)
  const reason = unsureOf(state, ...about)
  if (reason === null) tracker.end('doubt', 'evidence', state)
  else tracker.set('doubt', 'evidence', state, JSON.stringify({ reason, about } satisfies DoubtSpan))
}

/** A function that is not patched has a span only by its hooks, whose own change tells. */
function touchAll(state: KernelState, changes: Changes): void {
  changes.patches = true
  changes.transition = true
  changes.hooks = true
  for (const key of state.stacks.keys()) changes.functions.add(key)
}

function trackPatches(state: KernelState, tracker: SpanTracker): void {
  const gone = new Set(tracker.subjects('patch'))
  state.patches.forEach((patch, n) => {
    gone.delete(patch.name)
    tracker.set('patch', patch.name, state, JSON.stringify(patchSpan(state, patch, n + 1)))
  })
  for (const name of gone) tracker.end('patch', name, state)
}

function patchSpan(state: KernelState, patch: PatchState, stackOrder: number): PatchSpan {
  return {
    enabled: patch.enabled,
    goal: state.transition?.patch === patch.name ? state.transition.goal : null,
    stackOrder,
    replacedBy: patch.replacedBy,
    forced: patch.forced,
    unsure: unsureOf(state, 'patches')
  }
}

function trackTransition(state: KernelState, tracker: SpanTracker): void {
  const { transition } = state
  const gone = new Set(tracker.subjects('transition'))
  if (transition !== null) {
    const { patch, goal, sincePosition } = transition
    gone.delete(patch)
    const span: TransitionSpan = {
      patch,
      goal,
      firstSwitchNs: text(transition.firstSwitchNs),
      forcedNs: text(transition.forcedNs),
      signaledNs: text(transition.signaledNs),
      started: transition.started,
      tried: transition.tries > 0,
      unsure: transition.unsure
    }
    tracker.set('transition', patch, state, JSON.stringify(span), `${sincePosition} ${goal}`)
  }
  for (const patch of gone) tracker.end('transition', patch, state)
}

function trackFunction(state: KernelState, key: string, tracker: SpanTracker): void {
  const stack = state.stacks.get(key)
  const unswitched = viewAt(state, key, false)
  const switched = viewAt(state, key, true)
  if (stack === undefined && switched.hook === null) {
    tracker.end('function', key, state)
    return
  }
  const moving = inTransition(state, key)
  const span: FunctionSpan = {
    stack: (stack ?? []).map(({ patch, nop }) => ({ patch, nop })),
    transition: moving ? (state.transition?.sincePosition ?? null) : null,
    goal: moving ? (state.transition?.goal ?? null) : null,
    unswitched,
    switched,
    unsure: unsureOf(state, 'patches', 'hooks')
  }
  tracker.set('function', key, state, JSON.stringify(span))
}

/** What tasks see that have, or have not, reached the goal of the transition under way. */
export function viewAt(state: KernelState, key: string, switched: boolean): View {
  const towards = state.transition?.goal === 'unpatched' ? 0 : 1
  const version = versionAt(state, key, switched ? towards : towards === 1 ? 0 : 1)
  return { version, hook: hookMet(state, key, version) }
}

/** What changes about a hook may change what calls of its functions reach, those of before and those of now. */
function trackHooks(state: KernelState, changes: Changes, tracker: SpanTracker): void {
  const gone = new Set(tracker.subjects('hook'))
  const touch = (value: string | undefined) => {
    if (value === undefined) return
    for (const key of (JSON.parse(value) as HookSpan).functions) changes.functions.add(key)
  }
  for (const hook of state.hooks) {
    gone.delete(hook.key)
    const before = tracker.valueOf('hook', hook.key)
    const value = JSON.stringify(hookSpan(state, hook))
    if (value === before) continue
    touch(before)
    touch(value)
    tracker.set('hook', hook.key, state, value)
  }
  for (const key of gone) {
    touch(tracker.valueOf('hook', key))
    tracker.end('hook', key, state)
  }
}

/** A hook's row: what it is, and where it stands now. */
function hookSpan(state: KernelState, hook: HookState): HookSpan {
  const view = hookView(state, hook)
  const partly = view.reach === 'switched' || view.reach === 'unswitched'
  return {
    program: hook.program,
    kind: hook.kind,
    module: hook.module,
    function: hook.function,
    address: hook.address,
    overrides: hook.overrides,
    ...view,
    transition: partly ? (state.transition?.sincePosition ?? null) : null,
    unsure: unsureOf(state, 'patches', 'hooks')
  }
}

function text(ns: bigint | null): string | null {
  return ns === null ? null : String(ns)
}
