import type { Changes } from './changes.ts'
import { isDamaged } from './damage.ts'
import {
  type FuncState,
  functionKey,
  type KernelState,
  type ObjectState,
  type PatchState,
  type StackEntry
} from './state.ts'

/** What a call runs: the patch whose version it is, or the original function. */
export type Version = string
export const ORIGINAL: Version = 'original'

/** klp_patch_object(): every function of the object goes on top of its stack. */
export function pushObject(
  state: KernelState,
  patch: PatchState,
  object: ObjectState,
  changes: Changes
): void {
  object.patched = true
  // klp_pre_patch_callback() came before and succeeded, with or without a callback to call.
  object.postUnpatchDue = true
  for (const func of object.functions) {
    const key = functionKey(object.name, func.name, func.sympos)
    const stack = openStack(state, key)
    if (!stack.some((entry) => entry.patch === patch.name)) stack.unshift(entryOf(patch, func))
    changes.functions.add(key)
  }
  changes.patches = true
}

/** As `pushObject` for what a snapshot tells late: entries go where list order puts them. */
export function insertObject(
  state: KernelState,
  patch: PatchState,
  object: ObjectState,
  changes: Changes
): void {
  object.patched = true
  object.postUnpatchDue = true
  const place = state.patches.indexOf(patch)
  for (const func of object.functions) {
    const key = functionKey(object.name, func.name, func.sympos)
    const stack = openStack(state, key)
    if (stack.some((entry) => entry.patch === patch.name)) continue
    const below = stack.findIndex((entry) => state.patches.findIndex((p) => p.name === entry.patch) < place)
    stack.splice(below < 0 ? stack.length : below, 0, entryOf(patch, func))
    changes.functions.add(key)
  }
  changes.patches = true
}

/** klp_unpatch_func() for each function of the object that passes the filter. */
export function removeFromStacks(
  state: KernelState,
  patch: PatchState,
  object: ObjectState,
  which: (func: FuncState) => boolean,
  changes: Changes
): void {
  for (const func of object.functions) {
    if (!which(func)) continue
    const key = functionKey(object.name, func.name, func.sympos)
    const stack = state.stacks.get(key)
    if (stack === undefined) continue
    const at = stack.findIndex((entry) => entry.patch === patch.name)
    if (at < 0) continue
    stack.splice(at, 1)
    if (stack.length === 0) {
      state.stacks.delete(key)
      state.livepatchFirst.delete(key)
    }
    changes.functions.add(key)
  }
  changes.patches = true
}

/** klp_unpatch_objects(): all that the patch still has on the stacks. */
export function removePatchFromStacks(state: KernelState, patch: PatchState, changes: Changes): void {
  for (const object of patch.objects) {
    if (object.patched) removeFromStacks(state, patch, object, () => true, changes)
    object.patched = false
  }
  changes.patches = true
}

/** klp_discard_nops(): the nops leave the stacks and the patch, objects made for them vanish. */
export function discardNops(state: KernelState, patch: PatchState, changes: Changes): void {
  for (const object of patch.objects) {
    if (object.patched) removeFromStacks(state, patch, object, (func) => func.nop, changes)
    object.functions = object.functions.filter((func) => !func.nop)
  }
  patch.objects = patch.objects.filter((object) => !object.dynamic)
  changes.patches = true
}

/**
 * klp_ftrace_handler(): what a task at `patchState` (0 unpatched, 1 patched) runs for a function. Only the
 * top entry's transition flag counts.
 */
export function versionAt(state: KernelState, key: string, patchState: 0 | 1): Version {
  const stack = state.stacks.get(key)
  if (isDamaged(state, 'lost-redirection', key)) return ORIGINAL
  let entry = stack?.[0]
  if (entry !== undefined && patchState === 0 && entry.patch === state.transition?.patch) entry = stack?.[1]
  return entry === undefined || entry.nop ? ORIGINAL : entry.patch
}

/** Whether the function's view differs between switched and other tasks just now. */
export function inTransition(state: KernelState, key: string): boolean {
  const top = state.stacks.get(key)?.[0]
  return top !== undefined && top.patch === state.transition?.patch
}

/** Marks every function of a patch as worth a look: its transition flag changed. */
export function touchFunctions(patch: PatchState | undefined, changes: Changes): void {
  for (const object of patch?.objects ?? []) {
    for (const func of object.functions)
      changes.functions.add(functionKey(object.name, func.name, func.sympos))
  }
}

function openStack(state: KernelState, key: string): StackEntry[] {
  let stack = state.stacks.get(key)
  if (stack === undefined) {
    stack = []
    state.stacks.set(key, stack)
    // ftrace calls the newest ops first, so on one function the older registration has the last word.
    if (!hasArmedKprobe(state)) state.livepatchFirst.add(key)
  }
  return stack
}

/** With its last armed kprobe kprobe_ftrace_ops goes too: the next one makes it younger than every stack's ops. */
export function kprobeDisarmed(state: KernelState, changes: Changes): void {
  if (hasArmedKprobe(state)) return
  for (const key of state.stacks.keys()) {
    state.livepatchFirst.add(key)
    changes.functions.add(key)
  }
}

/** kprobe_ftrace_ops is registered while any kprobe on an ftrace location is armed. */
function hasArmedKprobe(state: KernelState): boolean {
  return state.otherKprobes || state.hooks.some((hook) => hook.kind === 'kprobe' && hook.goneNs === null)
}

function entryOf(patch: PatchState, func: FuncState): StackEntry {
  return { patch: patch.name, newName: func.newName, nop: func.nop }
}
