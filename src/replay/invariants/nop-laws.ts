import type { World } from '../../kernel/index.ts'
import {
  findPatch,
  functionKey,
  inScope,
  isDamaged,
  type KernelState,
  type PatchState
} from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { isReplacing, keysOf, listed, nopsOf } from './patch-list.ts'

const EEXIST = 17

/** The patch whose enable is under way, and those before it. */
function enabling(state: KernelState, name: string): { patch: PatchState; older: PatchState[] } | null {
  const patch = findPatch(state, name)
  if (patch === undefined) return null
  return { patch, older: listed(state).filter((old) => old !== patch) }
}

/** S3: klp_add_nops(). */
export const nopsAreExact = defineInvariant<null>({
  id: 'S3',
  says: 'A replacing patch has one nop for each function of an older one that it does not change itself.',
  holds: ['mainline'],
  applies: everywhere,
  reads: ['transition.started', 'patch.rejected'],
  brokenBy: ['sympos-0-is-not-1', 'functions-dropped-after-switch', 'nops-for-all'],
  start: () => null,
  after: (_memory, state, event, world) => {
    if (event.type === 'patch.rejected') {
      const { patch, errno } = event.data
      return errno === EEXIST ? nopForItself(state, patch, world) : null
    }
    if (event.type !== 'transition.started' || event.data.goal !== 'patched') return null
    const found = enabling(state, event.data.patch)
    // Its first event brought the patch into this transition: an enable, and no reversed disable.
    if (found === null || found.patch.sincePosition !== state.transition?.sincePosition) return null
    const { patch, older } = found
    if (![patch, ...older].every(({ objectsKnown }) => objectsKnown)) return null
    const policy = world.rules.name
    const wanted = new Set(
      isReplacing(policy, patch)
        ? older.filter((old) => inScope(policy, patch, old)).flatMap((old) => keysOf(old, { nops: true }))
        : []
    )
    for (const key of keysOf(patch, { nops: false })) wanted.delete(key)
    const nops = nopsOf(patch)
    const missing = [...wanted].filter((key) => !nops.includes(key))
    const odd = nops.filter((key, n) => !wanted.has(key) || nops.indexOf(key) !== n)
    if (missing.length + odd.length === 0) return null
    const text = [
      ...missing.map((key) => `${patch.name} has no nop for ${key}`),
      ...odd.map((key) => `${patch.name} has a nop too many for ${key}`)
    ].join(', ')
    return { subject: patch.name, text }
  }
})

/** A directory that is there already, though the patch names each function once: that of a nop for it. */
function nopForItself(state: KernelState, name: string, world: World): Complaint | null {
  const objects = world.modules.get(name)?.patch?.objects
  if (objects === undefined || isDamaged(state, 'sysfs-directory', name)) return null
  const names = objects.flatMap((object) => [
    object.name,
    ...object.functions.map((func) => functionKey(object.name, func.old, func.sympos))
  ])
  if (new Set(names).size < names.length) return null
  return { subject: name, text: `${name} is refused for a nop for a function that it changes itself` }
}

/** S4: klp_add_nops() skips who is not replaced. */
export const noNopOutOfScope = defineInvariant<null>({
  id: 'S4',
  says: 'No nop stands for a function that only patches out of scope change.',
  holds: ['hybrid', 'replace-set'],
  applies: everywhere,
  reads: ['patch.enabled', 'nop.added'],
  brokenBy: ['nops-for-all'],
  start: () => null,
  after: (_memory, state, event, world) => {
    if (event.type !== 'patch.enabled' && event.type !== 'nop.added') return null
    const found = enabling(state, event.data.patch)
    if (found === null || !found.older.every(({ objectsKnown }) => objectsKnown)) return null
    const { patch, older } = found
    const policy = world.rules.name
    const taken = new Set(
      older.filter((old) => inScope(policy, patch, old)).flatMap((old) => keysOf(old, { nops: true }))
    )
    return nopsOf(patch)
      .filter((key) => !taken.has(key))
      .map((key) => ({
        subject: key,
        text: `${patch.name} has a nop for ${key}, which nobody in scope changes`
      }))
  }
})

/** S5: what the RFC's klp_add_nops() does not look at. */
export const nopHidesNobody = defineInvariant<null>({
  id: 'S5',
  says: 'No nop stands for a function that a patch out of scope changes, for it would hide that patch.',
  holds: ['hybrid'],
  applies: everywhere,
  reads: [
    'patch.enabled',
    'patch.marked',
    'patch.freed',
    'nop.added',
    'nop.discarded',
    'object.unpatched',
    'transition.completed'
  ],
  brokenBy: ['RFC 4/4 (E.6 S1)'],
  start: () => null,
  holding: (_memory, state, world) => {
    const patch = findPatch(state, state.transition?.patch ?? '')
    if (patch === undefined) return []
    const nops = nopsOf(patch)
    if (nops.length === 0) return []
    const found: Complaint[] = []
    for (const old of listed(state)) {
      if (old === patch || inScope(world.rules.name, patch, old)) continue
      for (const key of keysOf(old, { nops: false })) {
        if (nops.includes(key))
          found.push({
            subject: key,
            text: `${patch.name}'s nop for ${key} lies over ${old.name}, which stays`
          })
      }
    }
    return found
  }
})

interface Unlinked {
  /** Nops about to be freed, as keys. */
  nops: string[]
  /** By patch: the functions whose entries left a stack that did not become empty, with no synchronisation since. */
  patches: Map<string, string[]>
  /** The stacks' keys in which the patch of the event is. */
  on: string[]
}

/**
 * S6: the ftrace handler may still be on an entry that was unlinked. Unregistering the ops of a stack that became
 * empty synchronises, and so does the end of every transition.
 */
export const freedBehindSync = defineInvariant<Unlinked>({
  id: 'S6',
  says: 'An entry is freed only when its stack became empty, or all CPUs were synchronised with since it left.',
  holds: everywhere,
  applies: everywhere,
  reads: [
    'nop.discarded',
    'object.unpatched',
    'patch.unpatched',
    'patch.replaced',
    'patch.freed',
    'transition.completed'
  ],
  brokenBy: ['RFC 4/4 (E.6 S1, S4)'],
  start: () => ({ nops: [], patches: new Map(), on: [] }),
  before: (memory, state, event) => {
    if (event.type === 'transition.completed') return
    if (event.type === 'nop.discarded') {
      const patch = findPatch(state, event.data.patch)
      memory.nops = patch === undefined ? [] : nopsOf(patch)
    }
    if (!('patch' in event.data)) return
    const { patch: name } = event.data
    memory.on = [...state.stacks]
      .filter(([, stack]) => stack.some(({ patch }) => patch === name))
      .map(([key]) => key)
  },
  after: (memory, state, event) => {
    if (event.type === 'transition.completed') {
      memory.patches.clear()
      return null
    }
    if (!('patch' in event.data)) return null
    const { patch } = event.data
    const left = memory.on.filter(
      (key) => state.stacks.get(key)?.every((entry) => entry.patch !== patch) === true
    )
    memory.on = []
    if (event.type === 'nop.discarded') {
      return memory.nops.flatMap((key) => unsynchronised(state, patch, key, 'a nop of '))
    }
    if (left.length > 0) memory.patches.set(patch, [...(memory.patches.get(patch) ?? []), ...left])
    if (event.type !== 'patch.freed') return null
    const entries = memory.patches.get(patch) ?? []
    memory.patches.delete(patch)
    return entries.flatMap((key) => unsynchronised(state, patch, key, ''))
  }
})

function unsynchronised(state: KernelState, patch: string, key: string, what: string): Complaint[] {
  const under = state.stacks.get(key)?.[0]?.patch
  if (under === undefined) return []
  const text = `${what}${patch} for ${key} was freed at once, while ${under} stayed on the stack: the ftrace handler may still use it`
  return [{ subject: key, text }]
}
