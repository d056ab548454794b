import { type FunctionView, functionViews, type PatchView, type StackView, stackView } from './stack-view.ts'
import type { KernelState } from './state.ts'

/** What is patched, as `klplog stack -o json` gives it: the patch stack, the functions' stacks, and what is not sure about them. */
export interface StackAnswer extends StackView {
  readonly release: string | null
  readonly patches: readonly DatedPatch[]
  readonly functions: readonly FunctionView[]
  readonly transition: TransitionNow | null
  /** Tasks that the transition under way waits for. */
  readonly blocked: readonly BlockedNow[]
  readonly contradictions: readonly { position: number; uptimeNs: string; text: string }[]
}

/** `since`: when it was enabled, ns since boot; `replacedBy`: unpatched by that one, still to be freed. */
export type DatedPatch = PatchView & { readonly since: string; readonly replacedBy: string | null }

/** Times are ns since boot; null while there was no force, no signal. */
type TransitionNow = NonNullable<StackView['transition']> & {
  readonly forcedNs: string | null
  readonly signaledNs: string | null
}

interface BlockedNow {
  readonly pid: number
  readonly comm: string
  readonly reason: string
  readonly function: string | null
  readonly since: string
  readonly tries: number
}

/** What is patched in a state, with what is not sure about it. */
export function stackAnswer(stream: string, state: KernelState): StackAnswer {
  const view = stackView(stream, state)
  const blocked = blockedNow(state)
  return {
    ...view,
    release: state.release,
    transition:
      view.transition === null ? null : { ...view.transition, ...endingOf(state), blocked: blocked.length },
    patches: view.patches.map((patch, n) => ({
      ...patch,
      since: String(state.patches[n]?.sinceNs ?? 0n),
      replacedBy: state.patches[n]?.replacedBy ?? null
    })),
    functions: functionViews(state),
    blocked,
    contradictions: state.contradictions.map((one) => ({ ...one, uptimeNs: String(one.uptimeNs) }))
  }
}

function endingOf({ transition }: KernelState): Pick<TransitionNow, 'forcedNs' | 'signaledNs'> {
  const text = (ns: bigint | null | undefined) => (ns == null ? null : String(ns))
  return { forcedNs: text(transition?.forcedNs), signaledNs: text(transition?.signaledNs) }
}

/** Whom the transition under way waits for; a force has switched them all. */
function blockedNow({ transition }: KernelState): BlockedNow[] {
  if (transition === null || transition.forcedNs !== null) return []
  return [...transition.blocked].map(([key, { sinceNs, ...task }]) => ({
    // Idle tasks all have pid 0; the state tells them apart by keys below zero.
    pid: Math.max(key, 0),
    ...task,
    since: String(sinceNs)
  }))
}
