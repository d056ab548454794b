import { findPatch, type KernelState, type StackEntry } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { listed, replacedBy } from './patch-list.ts'
import { isCompletion } from './views.ts'

interface Before {
  patch: string
  replaced: string[]
  kept: { name: string; enabled: boolean }[]
  /** By function: the kept patches in its stack, from the top. */
  order: Map<string, string>
}

/** S7: klp_unpatch_replaced_patches() and klp_free_replaced_patches_async(). */
export const replacedAreGone = defineInvariant<{ before: Before | null }>({
  id: 'S7',
  says: 'Behind a replacement the patches in scope are off the list and the stacks, the others as before.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'patch.disabled', 'patch.replaced', 'nop.discarded', 'transition.completed'],
  brokenBy: ['oldest-not-replaced'],
  start: () => ({ before: null }),
  before: (memory, state, event, world) => {
    if (event.type === 'patch.enabled' || event.type === 'patch.disabled') memory.before = null
    if (memory.before !== null || !isCompletion(state, event)) return
    const patch = findPatch(state, state.transition?.patch ?? '')
    if (patch === undefined || state.transition?.goal !== 'patched') return
    const { replaced, kept } = replacedBy(state, world.rules.name, patch)
    const names = new Set(kept.map(({ name }) => name))
    memory.before = {
      patch: patch.name,
      replaced: replaced.map(({ name }) => name),
      kept: kept.map(({ name, enabled }) => ({ name, enabled })),
      order: new Map([...state.stacks].map(([key, stack]) => [key, orderOf(stack, names)]))
    }
  },
  after: (memory, state, event) => {
    const { before } = memory
    if (event.type !== 'transition.completed') return null
    memory.before = null
    if (before?.patch !== event.data.patch || event.data.goal !== 'patched') return null
    return [...leftBehind(state, before), ...changedOthers(state, before)]
  }
})

function orderOf(stack: readonly StackEntry[], names: ReadonlySet<string>): string {
  return stack
    .map(({ patch }) => patch)
    .filter((name) => names.has(name))
    .join(' over ')
}

function leftBehind(state: KernelState, { patch, replaced }: Before): Complaint[] {
  const found: Complaint[] = []
  for (const name of replaced) {
    const now = findPatch(state, name)
    const isOn = [...state.stacks].find(([, stack]) => stack.some((entry) => entry.patch === name))
    if (now?.enabled === true || now?.offList === false)
      found.push({ subject: name, text: `${patch} replaces ${name}, which is still on the list` })
    else if (isOn !== undefined)
      found.push({
        subject: name,
        text: `${patch} replaces ${name}, which is still on the stack of ${isOn[0]}`
      })
  }
  return found
}

function changedOthers(state: KernelState, { patch, kept, order }: Before): Complaint[] {
  const found: Complaint[] = []
  for (const { name, enabled } of kept) {
    const now = findPatch(state, name)
    if (now === undefined || now.offList || now.enabled !== enabled)
      found.push({ subject: name, text: `${patch} does not replace ${name}, which is not as it was` })
  }
  const names = new Set(kept.map(({ name }) => name))
  for (const [key, was] of order) {
    const is = orderOf(state.stacks.get(key) ?? [], names)
    if (is !== was)
      found.push({ subject: key, text: `${key} had ${was}, and has ${is || 'none of them'} behind ${patch}` })
  }
  return found
}

/** S9: the RFC reads the flag at the enable, and again at the completion. */
export const scopeStays = defineInvariant<{ scope: Map<string, boolean> | null; found: Complaint[] }>({
  id: 'S9',
  says: 'Who is in scope when a patch is enabled is so when its transition completes, and nobody else is.',
  holds: ['hybrid'],
  applies: everywhere,
  reads: ['patch.enabled', 'patch.disabled', 'patch.replaced', 'nop.discarded', 'transition.completed'],
  brokenBy: ['RFC 3/4 (E.6 S3, S4)'],
  start: () => ({ scope: null, found: [] }),
  before: (memory, state, event) => {
    memory.found = []
    if (event.type === 'patch.disabled') memory.scope = null
    // Who does not replace reads no flag.
    if (event.type === 'patch.enabled') memory.scope = event.data.replace === true ? flagsOf(state) : null
    if (memory.scope === null || !isCompletion(state, event) || state.transition?.goal !== 'patched') return
    const by = state.transition.patch
    for (const [name, is] of flagsOf(state)) {
      const was = memory.scope.get(name)
      if (was === undefined || was === is) continue
      const text = `${name} was ${word(was)} when ${by} was enabled, and is ${word(is)} when ${by} completes`
      memory.found.push({ subject: name, text })
    }
    memory.scope = null
  },
  after: ({ found }) => found
})

function flagsOf(state: KernelState): Map<string, boolean> {
  return new Map(
    listed(state).flatMap(({ name, replaceable }): [string, boolean][] =>
      replaceable === null ? [] : [[name, replaceable]]
    )
  )
}

function word(replaceable: boolean): string {
  return replaceable ? 'replaceable' : 'not replaceable'
}
