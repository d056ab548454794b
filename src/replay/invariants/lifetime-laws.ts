import { findPatch, type KernelState } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { replacedBy } from './patch-list.ts'

interface References {
  /** Modules whose patch was enabled and is not freed, and those that a force pinned. */
  held: Set<string>
  pinned: Set<string>
  /** By program: the module that its link pins; a kprobe pins none. */
  links: Map<string, string>
  found: Complaint | null
}

/** F1: try_module_get() in klp_enable_patch(), module_put() in the free work. */
export const referencesHold = defineInvariant<References>({
  id: 'F1',
  says: 'A module can be unloaded exactly when no patch of it, no force and no link holds it.',
  holds: everywhere,
  applies: everywhere,
  reads: [
    'patch.enabled',
    'patch.pinned',
    'patch.freed',
    'hook.attached',
    'hook.detached',
    'module.going',
    'damage.done'
  ],
  brokenBy: ['early-failure-leaks', 'mutex-left-locked', 'enable-takes-no-reference', 'links-pin-nothing'],
  start: () => ({ held: new Set(), pinned: new Set(), links: new Map(), found: null }),
  before: (memory, _state, event) => {
    const { held, pinned, links } = memory
    memory.found = null
    if (event.type === 'patch.enabled') held.add(event.data.patch)
    if (event.type === 'patch.pinned') pinned.add(event.data.patch)
    if (event.type === 'patch.freed') held.delete(event.data.patch)
    if (event.type === 'hook.attached' && event.data.kind !== 'kprobe' && event.data.module !== null)
      links.set(event.data.program, event.data.module)
    if (event.type === 'hook.detached') links.delete(event.data.program)
    if (event.type !== 'module.going') return
    const { module } = event.data
    const holder = holderOf(memory, module)
    if (holder !== null) memory.found = { subject: module, text: `${module} is unloaded although ${holder}` }
  },
  after: ({ found }, _state, event) => {
    if (event.type !== 'damage.done' || event.data.kind !== 'module-reference') return found
    const { subject } = event.data
    return { subject, text: `a reference to ${subject} is left that nobody will drop` }
  },
  rest: (memory, state, { operation, ret }) => {
    if (operation?.op !== 'rmmod' || ret === null || ret >= 0) return []
    const { module } = operation
    if (!state.modules.has(module) || holderOf(memory, module) !== null) return []
    return [
      { subject: module, text: `${module} cannot be unloaded (${ret}), and nothing that is known holds it` }
    ]
  }
})

function holderOf({ held, pinned, links }: References, module: string): string | null {
  if (held.has(module)) return 'its patch has not been freed'
  if (pinned.has(module)) return 'a forced transition pinned it'
  for (const [program, place] of links) if (place === module) return `${program}'s link holds it`
  return null
}

interface Pins {
  /** Who a force has wrongly pinned, or wrongly left, and how; nothing undoes it before the reboot. */
  wrong: Map<string, string>
  /** Who the force under way has to pin. */
  due: Set<string>
}

/** F2: klp_force_transition(), whose pins are never taken back. */
export const forcePinsRemoved = defineInvariant<Pins>({
  id: 'F2',
  says: 'A force pins exactly the patches that it removes.',
  holds: everywhere,
  applies: everywhere,
  reads: ['transition.forced', 'patch.pinned', 'transition.reversed', 'transition.completed'],
  brokenBy: ['force-pins-all', 'force-pins-itself', 'force-pins-nobody', 'RFC 4/4 (E.6 S5)'],
  start: () => ({ wrong: new Map(), due: new Set() }),
  before: ({ wrong, due }, _state, event) => {
    if (event.type !== 'transition.completed' && event.type !== 'transition.reversed') return
    for (const name of due) wrong.set(name, `${name} is removed by a force, and not pinned`)
    due.clear()
  },
  after: ({ wrong, due }, state, event, world) => {
    if (event.type === 'transition.forced') {
      for (const name of removedNow(state, world.rules.name)) due.add(name)
    }
    if (event.type !== 'patch.pinned') return null
    const { patch, by } = event.data
    if (due.delete(patch)) return null
    if (!removedNow(state, world.rules.name).includes(patch))
      wrong.set(patch, `${patch} is pinned for ever by the force of ${by}, which does not remove it`)
    return null
  },
  holding: ({ wrong }) => [...wrong].map(([subject, text]) => ({ subject, text }))
})

function removedNow(state: KernelState, policy: 'mainline' | 'hybrid' | 'replace-set'): string[] {
  const patch = findPatch(state, state.transition?.patch ?? '')
  if (patch === undefined) return []
  if (state.transition?.goal === 'unpatched') return [patch.name]
  return replacedBy(state, policy, patch).replaced.map(({ name }) => name)
}

/** F3: what T7 and F2 are there for. */
export const textOutlivesUse = defineInvariant<{ found: Complaint | null }>({
  id: 'F3',
  says: "A patch's text is released only when no task is in it and no stack has it.",
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.freed', 'module.unloaded'],
  brokenBy: ['force-pins-nobody', 'enable-takes-no-reference'],
  start: () => ({ found: null }),
  before: (memory, state, event) => {
    memory.found = null
    if (event.type !== 'patch.freed' && event.type !== 'module.unloaded') return
    const name = event.type === 'patch.freed' ? event.data.patch : event.data.module
    const what = event.type === 'patch.freed' ? 'freed' : 'unloaded'
    const stack = [...state.stacks].find(([, entries]) => entries.some(({ patch }) => patch === name))
    if (stack !== undefined)
      memory.found = { subject: name, text: `${name} is ${what} while it is on the stack of ${stack[0]}` }
    if (event.type === 'patch.freed') return
    for (const { comm, pid, frames } of state.tasks.values()) {
      const frame = frames.find(({ version }) => version === name)
      if (frame === undefined) continue
      memory.found = {
        subject: name,
        text: `${name} is unloaded while ${comm} (${pid}) is in its ${frame.function}`
      }
    }
  },
  after: ({ found }) => found
})
