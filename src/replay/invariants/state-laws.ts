import { inScope, type PatchState } from '../../projections/index.ts'
import { defineInvariant } from './invariant.ts'
import { listed } from './patch-list.ts'
import { notCompatible } from './set-laws.ts'

interface Stateful {
  readonly replace: boolean | null
  readonly states: readonly { readonly id: number; readonly version: number }[]
}

/** B.3: klp_is_state_compatible(). */
function carries(by: Stateful, old: Stateful): boolean {
  return old.states.every(({ id, version }) => {
    const own = by.states.find((state) => state.id === id)
    return own === undefined ? by.replace !== true : own.version >= version
  })
}

/** O6, what mainline checks. */
export const statesAreCarried = defineInvariant<{ lost: string | null }>({
  id: 'O6',
  says: 'Who is enabled carries the states of every patch on the list, in no older version.',
  holds: ['mainline', 'hybrid'],
  applies: ['mainline', 'hybrid'],
  reads: ['patch.enabled'],
  brokenBy: ['state-check-skipped'],
  start: () => ({ lost: null }),
  before: (memory, state, event) => {
    memory.lost = null
    // Without the patch's objects nobody told its states either.
    if (event.type !== 'patch.enabled' || event.data.objects === null) return
    memory.lost = listed(state).find((old) => !carries(event.data, old))?.name ?? null
  },
  after: ({ lost }, _state, event) => {
    if (lost === null || event.type !== 'patch.enabled') return null
    return {
      subject: event.data.patch,
      text: `${event.data.patch} was enabled without the states of ${lost}`
    }
  }
})

/** O6, what hybrid would need: who stays may keep its states to itself. */
export const statesOfOthersAreTheirs = defineInvariant<null>({
  id: 'O6-scope',
  says: 'No patch is refused for the states of one that it would not replace.',
  holds: ['hybrid'],
  applies: ['hybrid'],
  reads: ['patch.rejected'],
  brokenBy: ['RFC 4/4 (E.6 S6)'],
  start: () => null,
  after: (_memory, state, event, world) => {
    if (event.type !== 'patch.rejected' || event.data.operation !== 'enable') return null
    const { patch, message } = event.data
    if (message?.includes(notCompatible) !== true) return null
    const spec = world.modules.get(patch)?.patch ?? null
    const own: Stateful | null =
      spec === null ? null : { replace: spec.replace !== false, states: spec.states }
    const policy = world.rules.name
    const others: PatchState[] = []
    for (const old of listed(state)) {
      const isOther = !inScope(policy, noFlags, old)
      if (isOther) others.push(old)
      else if (!isInnocent(old, own)) return null
    }
    const blamed = others.filter(({ states }) => states.length > 0)
    const names = (blamed.length > 0 ? blamed : others).map(({ name }) => name)
    if (names.length === 0) return null
    return {
      subject: patch,
      text: `${patch} is refused for the states of ${names.join(' and ')}, which it would not replace`
    }
  }
})

const noFlags = { replaceable: null, replaceSet: null }

/** Whether the refusal is surely not for this patch's states. */
function isInnocent(old: PatchState, own: Stateful | null): boolean {
  if (own !== null) return carries(own, old)
  return old.objectsKnown && old.states.length === 0
}
