import { findPatch, inScope, type KernelState } from '../../projections/index.ts'
import { type Complaint, defineInvariant } from './invariant.ts'
import { keysOf, listed, objectOf } from './patch-list.ts'
import { isCompletion, patchStatesOf, viewOf } from './views.ts'

interface Kept {
  /** By function: the patch that stays, and so has to be seen, and the one that was enabled over it. */
  owed: Map<string, { readonly owner: string; readonly by: string }>
  completing: boolean
}

/** S8: hybrid's promise to a hook that lives in a patch of its own. */
export const keptFunctionsStay = defineInvariant<Kept>({
  id: 'S8',
  says: 'What a patch out of scope shows, and the new one does not change, it shows all the time.',
  holds: ['hybrid', 'replace-set'],
  applies: ['hybrid', 'replace-set'],
  reads: [
    'patch.enabled',
    'patch.disabled',
    'patch.unpatched',
    'patch.replaced',
    'patch.freed',
    'object.patched',
    'object.unpatched',
    'nop.discarded',
    'module.going',
    'task.switched',
    'transition.started',
    'transition.reversed',
    'transition.forced',
    'transition.completed',
    'host.observed'
  ],
  brokenBy: ['RFC 4/4 (E.6 S1, S4)'],
  start: () => ({ owed: new Map(), completing: false }),
  before: (memory, state, event) => {
    if (isCompletion(state, event)) memory.completing = true
    if (event.type === 'patch.disabled') forget(memory, (_key, owner) => owner === event.data.patch)
    if (event.type === 'module.going') forget(memory, (key) => objectOf(key) === event.data.module)
  },
  after: (memory, state, event, world) => {
    if (event.type === 'transition.completed') memory.completing = false
    if (event.type === 'patch.enabled') noteKept(memory, state, event.data.patch, world.rules.name)
    return null
  },
  holding: ({ owed, completing }, state) => {
    if (owed.size === 0) return []
    const patchStates = patchStatesOf(state, completing)
    const found: Complaint[] = []
    for (const [key, { owner, by }] of owed) {
      if (findPatch(state, owner)?.enabled !== true) continue
      const view = viewOf(state, key)
      const odd = patchStates.find((patchState) => view[patchState] !== owner)
      if (odd === undefined) continue
      const who = patchStates.length > 1 ? 'tasks that have switched run' : 'every task runs'
      found.push({ subject: key, text: `since ${by} came, ${who} ${view[odd]}'s ${key} and not ${owner}'s` })
    }
    return found
  }
})

function forget({ owed }: Kept, isOver: (key: string, owner: string) => boolean): void {
  for (const [key, { owner }] of owed) if (isOver(key, owner)) owed.delete(key)
}

/** The new patch's own functions are not owed any more; what everybody sees of a patch out of scope is. */
function noteKept(
  memory: Kept,
  state: KernelState,
  by: string,
  policy: 'mainline' | 'hybrid' | 'replace-set'
): void {
  const patch = findPatch(state, by)
  if (patch === undefined) return
  const own = new Set(keysOf(patch, { nops: false }))
  forget(memory, (key, owner) => {
    const old = findPatch(state, owner)
    return own.has(key) || old === undefined || inScope(policy, patch, old)
  })
  for (const old of listed(state)) {
    if (old === patch || !old.enabled || inScope(policy, patch, old)) continue
    for (const key of keysOf(old, { nops: false })) {
      // Nothing of the new patch is on a stack yet.
      if (!own.has(key) && state.stacks.get(key)?.[0]?.patch === old.name)
        memory.owed.set(key, { owner: old.name, by })
    }
  }
}
