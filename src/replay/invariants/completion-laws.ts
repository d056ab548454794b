import { type KernelState, ORIGINAL } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { listed, objectOf, stackEvents } from './patch-list.ts'
import { movingModule, type View, viewOf, viewsOf } from './views.ts'

interface Removals {
  /** Once somebody was forced, versions that are long gone may have tasks in them. */
  wasForced: boolean
  /** `version key` of what was on stacks before the event. */
  entries: Set<string> | null
  /** What the transition has taken away. */
  removed: Set<string>
}

/** T7: the consistency model's promise to who is asleep. Silent where nobody knows what tasks are in. */
export const nobodyInRemoved = defineInvariant<Removals>({
  id: 'T7',
  says: 'When a transition completes that nobody forced, no thread is in a version that it takes away.',
  holds: everywhere,
  applies: everywhere,
  reads: [...stackEvents, 'transition.forced', 'module.going'],
  brokenBy: ['immediate', 'RFC 3/4 (E.6 S3)'],
  start: () => ({ wasForced: false, entries: null, removed: new Set() }),
  before: (memory, state, { type }) => {
    if (type === 'patch.enabled' || type === 'patch.disabled') memory.removed = new Set()
    memory.wasForced ||= type === 'transition.forced'
    memory.entries = state.transition === null ? null : entriesOf(state)
  },
  after: (memory, state, event) => {
    const { entries, removed } = memory
    memory.entries = null
    if (entries === null) return null
    const moving = movingModule(state, event)
    const left = entriesOf(state)
    for (const entry of entries) {
      if (!left.has(entry) && objectOf(entry.slice(entry.indexOf(' ') + 1)) !== moving) removed.add(entry)
    }
    if (event.type !== 'transition.completed' || memory.wasForced) return null
    const { patch } = event.data
    const found: Complaint[] = []
    for (const { pid, comm, frames } of state.tasks.values()) {
      const frame = frames.find((one) => removed.has(`${one.version} ${one.function}`))
      if (frame === undefined) continue
      const text = `${patch}'s transition completes while ${comm} (${pid}) is in ${frame.version}'s ${frame.function}`
      found.push({ subject: frame.version, text })
    }
    return found
  }
})

function entriesOf(state: KernelState): Set<string> {
  const entries = new Set<string>()
  for (const [key, stack] of state.stacks) {
    for (const entry of stack) if (!entry.nop) entries.add(`${entry.patch} ${key}`)
  }
  return entries
}

interface Enable {
  patch: string
  list: string
  views: Map<string, View>
  /** Modules that came or went meanwhile: their functions have changed without the transition. */
  moved: Set<string>
}

/** T8. */
export const reverseRestores = defineInvariant<{ enable: Enable | null }>({
  id: 'T8',
  says: 'A reversed enable leaves what threads run, and the list of patches, as they were before it.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'patch.disabled', 'transition.completed', 'module.loaded', 'module.going'],
  brokenBy: ['reverse-replaces'],
  start: () => ({ enable: null }),
  before: (memory, state, event) => {
    if (event.type === 'module.loaded' || event.type === 'module.going')
      memory.enable?.moved.add(event.data.module)
    if (event.type === 'patch.disabled') memory.enable = null
    if (event.type !== 'patch.enabled') return
    const { patch } = event.data
    memory.enable = { patch, list: listOf(state), views: viewsOf(state), moved: new Set() }
  },
  after: (memory, state, event) => {
    if (event.type !== 'transition.completed') return null
    const { enable } = memory
    memory.enable = null
    const { patch, goal } = event.data
    if (enable?.patch !== patch || goal !== 'unpatched') return null
    const list = listOf(state)
    if (list !== enable.list)
      return {
        subject: patch,
        text: `${patch} was reversed: the list was ${enable.list}, and is ${list} now`
      }
    for (const key of new Set([...enable.views.keys(), ...state.stacks.keys()])) {
      const [was, is] = [enable.views.get(key)?.[1] ?? ORIGINAL, viewOf(state, key)[1]]
      if (was === is || enable.moved.has(objectOf(key))) continue
      return { subject: patch, text: `${patch} was reversed: calls ran ${was}'s ${key}, and run ${is}'s now` }
    }
    return null
  }
})

function listOf(state: KernelState): string {
  return listed(state)
    .map(({ name, enabled }) => `${name}${enabled ? '' : ' (disabled)'}`)
    .join(', ')
}
