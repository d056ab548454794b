import { functionKey } from '../../projections/index.ts'
import { lawAtRest } from './at-rest.ts'
import { type Complaint, defineInvariant } from './invariant.ts'
import { keysOf, listed, stackEvents } from './patch-list.ts'

const EINVAL = 22

/** S10: one active patch of each set. */
export const onePatchOfSet = lawAtRest({
  id: 'S10',
  says: 'Of a set one patch is enabled, and a second one only while it is in transition.',
  holds: ['replace-set'],
  applies: ['replace-set'],
  reads: stackEvents,
  brokenBy: ['oldest-not-replaced'],
  wrong: (state) => {
    const sets = new Map<number, string[]>()
    for (const { enabled, replaceSet, name } of listed(state)) {
      if (enabled) sets.set(replaceSet ?? 0, [...(sets.get(replaceSet ?? 0) ?? []), name])
    }
    const most = state.transition === null ? 1 : 2
    return [...sets]
      .filter(([, names]) => names.length > most)
      .map(([set, names]) => ({
        subject: `set ${set}`,
        text: `of set ${set} are enabled: ${names.join(', ')}`
      }))
  }
})

/** S11: a set owns its functions and states. */
export const setsAreApart = lawAtRest({
  id: 'S11',
  says: 'Sets share neither functions nor states, so a stack is of one set and of two entries at most.',
  holds: ['replace-set'],
  applies: ['replace-set'],
  reads: stackEvents,
  brokenBy: ['state-check-skipped'],
  wrong: (state) => {
    const owners = new Map<string, number>()
    const found: Complaint[] = []
    for (const patch of listed(state)) {
      const set = patch.replaceSet ?? 0
      for (const owned of [
        ...keysOf(patch, { nops: true }),
        ...patch.states.map(({ id }) => `state ${id}`)
      ]) {
        const owner = owners.get(owned) ?? set
        if (owner !== set) found.push({ subject: owned, text: `sets ${owner} and ${set} both have ${owned}` })
        owners.set(owned, set)
      }
    }
    for (const [key, stack] of state.stacks) {
      if (stack.length > 2) found.push({ subject: key, text: `${key} has ${stack.length} entries` })
    }
    return found
  }
})

/** S13: klp_is_patch_compatible() of PATCH v2, whose answer comes before that of a transition under way. */
export const conflictIsRefused = defineInvariant<{ isSaid: boolean }>({
  id: 'S13',
  says: 'A conflict of sets is refused with EINVAL and its line, in a transition too.',
  holds: ['replace-set'],
  applies: ['replace-set'],
  reads: ['patch.rejected'],
  brokenBy: ['busy-before-conflict', 'state-check-skipped'],
  start: () => ({ isSaid: false }),
  after: (memory, _state, event) => {
    if (event.type === 'patch.rejected')
      memory.isSaid ||= event.data.message?.includes(notCompatible) === true
    return null
  },
  rest: (memory, state, { operation, ret }, world) => {
    const { isSaid } = memory
    memory.isSaid = false
    if (operation?.op !== 'insmod' || ret === null) return []
    const { module } = operation
    const spec = world.modules.get(module)
    // A module that stays although its load failed had been loaded before.
    if (spec?.patch == null || !spec.livepatch || (ret < 0 && state.modules.has(module))) return []
    const { objects, replaceSet } = spec.patch
    if (typeof replaceSet !== 'number') return []
    const own = new Set(
      objects.flatMap(({ name, functions }) => functions.map((f) => functionKey(name, f.old, f.sympos)))
    )
    const other = listed(state).find(
      (old) => (old.replaceSet ?? 0) !== replaceSet && keysOf(old, { nops: true }).some((key) => own.has(key))
    )
    if (other === undefined || (ret === -EINVAL && isSaid)) return []
    return [
      { subject: module, text: `${module} conflicts with ${other.name}, and loading it came to ${ret}` }
    ]
  }
})

/** What the kernel says of a patch whose states, or functions of another set, do not fit. */
export const notCompatible = 'is not compatible with the already installed livepatches'
