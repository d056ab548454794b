import type { Changes } from './changes.ts'
import { type DoubtPart, doubtParts, type KernelState } from './state.ts'

interface Place {
  readonly uptimeNs: bigint
  readonly position: number
}

/** Notes that answers are unsure from here on, where they are not already. */
export function doubt(state: KernelState, event: Place, reason: string, changes: Changes): void {
  if (state.transition !== null && state.transition.unsure === null) {
    state.transition.unsure = reason
    changes.transition = true
  }
  for (const part of doubtParts) {
    if (state.doubt[part] !== null) continue
    state.doubt[part] = { reason, sinceNs: event.uptimeNs, sincePosition: event.position }
    changes.doubt = true
  }
}

/** A snapshot showed how things stand with this part. */
export function settle(state: KernelState, part: DoubtPart, changes: Changes): void {
  if (state.doubt[part] === null) return
  state.doubt[part] = null
  changes.doubt = true
}

/** Why an answer is unsure that is about these parts; null when it is not. */
export function unsureOf(state: KernelState, ...parts: readonly DoubtPart[]): string | null {
  const part = parts.find((one) => state.doubt[one] !== null)
  return part === undefined ? null : (state.doubt[part]?.reason ?? null)
}

/** The event speaks of a patch that nothing brought to the list. */
export function doubtUnknown(
  state: KernelState,
  event: Place & { readonly type: string; readonly data: { readonly patch: string } },
  changes: Changes
): void {
  const { patch } = event.data
  doubt(state, event, `${patch} is spoken of (${event.type}), but no evidence shows it enabled`, changes)
}
