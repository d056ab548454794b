import { isDamaged, type KernelState, taskKey } from '../projections/index.ts'
import { isPatchCompatible } from './enable.ts'
import { type Attach, checkAttach } from './hook-attach.ts'
import { initPatchEarly } from './init-patch.ts'
import { moduleRefs } from './module-loader.ts'
import type { Operation } from './operation.ts'
import { isLoaded } from './symbols.ts'
import { pendingTasks } from './try-task.ts'
import type { World } from './world.ts'

/** What may be done besides what the state itself leaves open, and how far tasks may go. */
export interface Offers {
  /** Hooks that user space may attach. */
  readonly attaches?: readonly Attach[]
  /** In how many functions a task may be at once. */
  readonly callDepth?: number
  /** How many tasks there may be, idle ones included, before nobody forks any more. */
  readonly tasksMax?: number
}

/**
 * What a kernel in this state leaves open: who asks what of it and what its tasks and works do next, in an order
 * that only the state decides. What would be refused for certain is left out; a load may still fail for what only
 * trying shows (symbols, ftrace, callbacks). The conditions that a try finds tasks in are the caller's to add.
 */
export function enabledOperations(state: KernelState, world: World, offers: Offers = {}): Operation[] {
  return [
    ...loads(state, world),
    ...unloads(state, world),
    ...sysfsWrites(state, world),
    ...delayedWorks(state),
    ...switches(state),
    ...calls(state, world, offers.callDepth ?? 2),
    ...lives(state, offers.tasksMax ?? 8),
    ...hooks(state, world, offers.attaches ?? [])
  ]
}

/** Modules that are not loaded; a livepatch only while none is in transition, and beside those it gets on with. */
function loads(state: KernelState, world: World): Operation[] {
  const operations: Operation[] = []
  for (const [module, spec] of world.modules) {
    if (state.modules.has(module)) continue
    if (spec.patch !== null) {
      if (state.transition !== null || !spec.livepatch) continue
      const act = { state, world }
      if (!isPatchCompatible(act, initPatchEarly(act, spec, spec.patch))) continue
    }
    operations.push({ op: 'insmod', module })
  }
  return operations
}

/** Modules that nothing holds. A target's code is not in use when it goes; nobody asks that of a livepatch's. */
function unloads(state: KernelState, world: World): Operation[] {
  const inUse = new Set<string>()
  for (const { frames } of state.tasks.values()) {
    for (const frame of frames) inUse.add(frame.function.slice(0, frame.function.indexOf(':')))
  }
  return [...state.modules.keys()]
    .filter((module) => moduleRefs({ state, world }, module) === 0 && !inUse.has(module))
    .map((module) => ({ op: 'rmmod', module }))
}

/** enabled, force and replaceable of each patch, where a write does something. */
function sysfsWrites(state: KernelState, { rules }: World): Operation[] {
  const { transition } = state
  const operations: Operation[] = []
  for (const { name, enabled, offList, replaceable } of state.patches) {
    if (offList) continue
    const isInTransition = transition?.patch === name
    if (isInTransition || (transition === null && enabled)) {
      operations.push({ op: 'write-enabled', patch: name, value: enabled ? '0' : '1' })
    }
    if (isInTransition && transition.forcedNs === null) {
      operations.push({ op: 'force', patch: name, value: '1' })
    }
    if (rules.flag === 'replaceable' && !isInTransition) {
      operations.push({ op: 'write-replaceable', patch: name, value: replaceable === true ? '0' : '1' })
    }
  }
  return operations
}

/** klp_transition_work_fn() and klp_free_patch_work_fn(). */
function delayedWorks(state: KernelState): Operation[] {
  const frees = state.patches
    .filter((patch) => patch.offList)
    .map(({ name }): Operation => ({ op: 'free', patch: name }))
  return state.transition === null ? frees : [{ op: 'try' }, ...frees]
}

/** Tasks that are outside of every function, where klp_update_patch_state() is called. */
function switches(state: KernelState): Operation[] {
  const flagged = [...state.tasks.values()].filter(({ pid, comm }) =>
    isDamaged(state, 'pending-flag', String(taskKey(pid, comm)))
  )
  return [...pendingTasks(state), ...flagged]
    .filter((task) => task.frames.length === 0)
    .map(({ pid, comm }) => ({ op: 'switch', task: taskKey(pid, comm) }))
}

/** Calls of what some patch may change, and returns. */
function calls(state: KernelState, world: World, depth: number): Operation[] {
  const functions = new Map<string, { object: string; function: string }>()
  for (const { patch } of world.modules.values()) {
    for (const object of patch?.objects ?? []) {
      if (!isLoaded(state, object.name)) continue
      for (const { old } of object.functions) {
        functions.set(`${object.name}:${old}`, { object: object.name, function: old })
      }
    }
  }
  const operations: Operation[] = []
  for (const [task, { frames }] of state.tasks) {
    if (frames.length > 0) operations.push({ op: 'return', task })
    if (frames.length >= depth) continue
    for (const place of functions.values()) operations.push({ op: 'call', task, ...place })
  }
  return operations
}

/** Threads fork and exit; an idle task does neither, and who is in a function leaves it first. */
function lives(state: KernelState, tasksMax: number): Operation[] {
  const operations: Operation[] = []
  const pid = Math.max(0, ...state.tasks.keys()) + 1
  for (const [task, { comm, frames }] of state.tasks) {
    if (task < 0) continue
    if (state.tasks.size < tasksMax) operations.push({ op: 'start-task', pid, comm, parent: task })
    if (frames.length === 0) operations.push({ op: 'exit-task', task })
  }
  return operations
}

function hooks(state: KernelState, world: World, attaches: readonly Attach[]): Operation[] {
  const attached = new Set(state.hooks.map((hook) => hook.program))
  const possible = attaches.filter(
    (attach) => !attached.has(attach.program) && typeof checkAttach({ state, world }, attach) !== 'number'
  )
  return [...possible, ...[...attached].map((program): Operation => ({ op: 'detach', program }))]
}
