import { damagedSubjects, findPatch } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'

/** F4: what sysfs shows of a quiet machine is what the events left there. */
export const sysfsShowsList = defineInvariant<{ found: Complaint[] }>({
  id: 'F4',
  says: "A patch's directory is in sysfs from its enable to its free work.",
  holds: everywhere,
  applies: everywhere,
  reads: ['host.observed', 'patch.enabled', 'patch.freed', 'damage.done', 'damage.undone'],
  brokenBy: ['directory-kept', 'early-failure-leaks'],
  start: () => ({ found: [] }),
  before: (memory, state, event) => {
    memory.found = []
    if (event.type !== 'host.observed') return
    const { patches, fromNs } = event.data
    // A snapshot across a change, and a history with holes, prove nothing.
    const isQuiet = BigInt(fromNs) > state.changedNs && state.changedNs > 0n && state.doubt.patches === null
    if (patches === null || !isQuiet) return
    for (const { name } of patches) {
      if (findPatch(state, name) === undefined)
        memory.found.push({ subject: name, text: `${name} is in sysfs, and is not enabled` })
    }
    for (const { name, offList } of state.patches) {
      if (!offList && !patches.some((patch) => patch.name === name))
        memory.found.push({ subject: name, text: `${name} is enabled, and is not in sysfs` })
    }
  },
  after: ({ found }) => found,
  holding: (_memory, state) =>
    damagedSubjects(state, 'sysfs-directory')
      .filter((name) => findPatch(state, name) === undefined)
      .map((name) => ({ subject: name, text: `${name} is in sysfs, and is not enabled` }))
})

/** F5: klp_free_patch_work_fn(). */
export const freedOnce = defineInvariant<{ freed: Set<string>; found: Complaint | null }>({
  id: 'F5',
  says: 'The free work runs once in the life of a patch, and only when it is off the list.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'patch.freed'],
  brokenBy: ['free-twice', 'free-missing'],
  start: () => ({ freed: new Set(), found: null }),
  before: (memory, state, event) => {
    memory.found = null
    if (event.type === 'patch.enabled') memory.freed.delete(event.data.patch)
    if (event.type !== 'patch.freed') return
    const { patch: name } = event.data
    const patch = findPatch(state, name)
    if (patch !== undefined && !patch.offList)
      memory.found = { subject: name, text: `${name} was freed while it was on the list` }
    // A patch that was never seen may have been enabled before the evidence began.
    if (patch === undefined && memory.freed.has(name))
      memory.found = { subject: name, text: `${name} was freed a second time` }
    memory.freed.add(name)
  },
  after: ({ found }) => found,
  rest: (_memory, state, { operation, ret }) => {
    if (operation?.op !== 'free' || ret === 0) return []
    const { patch: name } = operation
    if (findPatch(state, name)?.offList !== true) return []
    return [{ subject: name, text: `${name} is off the list, and its free work does not come` }]
  }
})
