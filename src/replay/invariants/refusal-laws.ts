import { emptyState, encodeState, type KernelState } from '../../projections/index.ts'
import { defineInvariant, everywhere } from './invariant.ts'

interface Refusal {
  /** What was there when the load under way began, as text; null between loads. */
  before: string | null
  module: string | null
  /** Something has changed since the last operation ended, other than by a load. */
  isChanged: boolean
}

/** S12: the error paths of klp_enable_patch(), enabled_store(), klp_module_coming(). */
export const refusedLeavesNothing = defineInvariant<Refusal>({
  id: 'S12',
  says: 'What is refused leaves list, stacks, references, sysfs, tasks and hooks as they were.',
  holds: everywhere,
  applies: everywhere,
  reads: [
    'module.loaded',
    'module.unloaded',
    'patch.enabled',
    'patch.disabled',
    'patch.freed',
    'patch.marked',
    'patch.pinned',
    'object.patched',
    'object.unpatched',
    'transition.reversed',
    'transition.forced',
    'hook.attached',
    'hook.detached'
  ],
  brokenBy: ['refused-stays-enabled', 'mutex-left-locked'],
  start: () => ({ before: null, module: null, isChanged: false }),
  before: (memory, state, event) => {
    if (event.type !== 'module.loaded') return
    memory.before = shapeOf(state)
    memory.module = event.data.module
  },
  after: (memory, state, event) => {
    memory.isChanged = true
    if (event.type !== 'module.unloaded' || event.data.reason !== 'refused') return null
    const { before, module } = memory
    memory.before = null
    memory.isChanged = false
    if (before === null || module !== event.data.module || shapeOf(state) === before) return null
    return { subject: module, text: `${module} was refused, and something of it stays` }
  },
  rest: (memory, state, { operation, ret }) => {
    const { before, isChanged } = memory
    memory.before = null
    memory.isChanged = false
    if (operation === null || ret === null || ret >= 0 || !isChanged) return []
    if (before !== null && shapeOf(state) === before) return []
    return [{ subject: operation.op, text: `${operation.op} came to ${ret}, and something has changed` }]
  }
})

/** L, stacks, refs, sysfs and hooks; not the clock, and not what tries and snapshots left in memory. */
function shapeOf({ patches, stacks, modules, hooks, transition }: KernelState): string {
  const loaded = [...modules].map(([name, { pinned, state }]) => [name, pinned, state])
  return encodeState({
    ...emptyState(),
    patches,
    stacks,
    hooks,
    settings: new Map([
      ['modules', JSON.stringify(loaded)],
      ['transition', `${transition?.patch} ${transition?.goal}`]
    ])
  })
}
