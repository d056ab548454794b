import type { Changes } from './changes.ts'
import type { KernelState } from './state.ts'

interface Place {
  readonly uptimeNs: bigint
  readonly position: number
}

/** Notes that answers are unsure from here on, unless they are already. */
export function doubt(state: KernelState, event: Place, reason: string, changes: Changes): void {
  if (state.transition !== null && state.transition.unsure === null) {
    state.transition.unsure = reason
    changes.transition = true
  }
  if (state.doubt !== null) return
  state.doubt = { reason, sinceNs: event.uptimeNs, sincePosition: event.position }
  changes.doubt = true
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
