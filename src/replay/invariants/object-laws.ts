import { damagedSubjects, type KernelState } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { listed } from './patch-list.ts'

/** O1: klp_module_coming() and klp_module_going(). */
export const loadedIsPatched = defineInvariant<{
  early: Complaint | null
  stale: boolean
  found: Complaint[]
}>({
  id: 'O1',
  says: 'A patch on the list has patched exactly its objects that are loaded, before their init runs.',
  holds: everywhere,
  applies: everywhere,
  reads: [
    'kernel.printed',
    'module.loaded',
    'module.unloaded',
    'object.patched',
    'object.unpatched',
    'patch.enabled',
    'transition.completed'
  ],
  brokenBy: ['coming-module-missed', 'notifier-after-init'],
  start: () => ({ early: null, stale: false, found: [] }),
  after: (memory, state, event, world) => {
    if (event.type !== 'kernel.printed') {
      memory.stale = true
      return null
    }
    // A module whose init prints has been through klp_module_coming().
    const { message } = event.data
    for (const [name, { initPrints }] of world.modules) {
      if (initPrints[0] !== message || !state.modules.has(name)) continue
      const [missed] = oddObjects(state).filter(({ subject }) => subject.endsWith(` ${name}`))
      if (missed !== undefined)
        return { subject: missed.subject, text: `${name}'s init runs, and ${missed.text}` }
    }
    return null
  },
  rest: (memory, state, { operation }) => {
    // Where an operation of a recorded history ends is not told so exactly.
    if (operation === null) return []
    if (memory.stale) memory.found = oddObjects(state)
    memory.stale = false
    return memory.found
  }
})

function oddObjects(state: KernelState): Complaint[] {
  const found: Complaint[] = []
  for (const { name: patch, objects } of listed(state)) {
    for (const { name, patched } of objects) {
      const isLoaded = name === 'vmlinux' || state.modules.has(name)
      if (patched === isLoaded) continue
      const text = patched
        ? `${patch} still patches ${name}, which is not loaded`
        : `${patch} has not patched ${name}`
      found.push({ subject: `${patch} ${name}`, text })
    }
  }
  return found
}

/** O2: the error path of klp_module_coming(). */
export const refusedIsUnpatched = defineInvariant<{ found: Complaint[] }>({
  id: 'O2',
  says: 'No patch has anything in a module that was refused.',
  holds: everywhere,
  applies: everywhere,
  reads: ['module.loaded', 'module.unloaded', 'damage.done', 'damage.undone'],
  brokenBy: ['mod-left-in-error-path'],
  start: () => ({ found: [] }),
  before: (memory, state, event) => {
    memory.found = []
    if (event.type !== 'module.unloaded' || event.data.reason !== 'refused') return
    const { module } = event.data
    for (const { name, objects } of state.patches) {
      if (objects.some((object) => object.name === module && object.patched))
        memory.found.push({ subject: name, text: `${module} was refused, and ${name} still patches it` })
    }
  },
  after: ({ found }) => found,
  holding: (_memory, state) =>
    inAbsentModule(state, 'object-mod').map(({ subject, patch, module }) => ({
      subject,
      text: `${module} was refused, and ${patch} still takes it for loaded`
    }))
})

/** O3: clear_relocate_add() in klp_module_going(). */
export const relocationsAreCleared = defineInvariant<null>({
  id: 'O3',
  says: 'No relocation of a patch points into a module that is gone, so that the module can be loaded again.',
  holds: everywhere,
  applies: everywhere,
  reads: ['module.loaded', 'module.unloaded', 'damage.done', 'damage.undone'],
  brokenBy: ['relocations-kept'],
  start: () => null,
  holding: (_memory, state) =>
    inAbsentModule(state, 'relocation').map(({ subject, patch, module }) => ({
      subject,
      text: `${patch} still has relocations into ${module}, which is gone and cannot be loaded again`
    }))
})

/** What a bug has left of a module in a patch, for modules that are not there. */
function inAbsentModule(state: KernelState, kind: 'object-mod' | 'relocation') {
  return damagedSubjects(state, kind).flatMap((subject) => {
    const [patch = '', module = ''] = subject.split(' ')
    return state.modules.has(module) ? [] : [{ subject, patch, module }]
  })
}
