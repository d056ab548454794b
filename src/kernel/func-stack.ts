import { functionKey, type KernelState, type ObjectState, type PatchState } from '../projections/index.ts'
import { type Act, EBUSY } from './act.ts'
import { paramValue } from './callbacks.ts'

/** klp_patch_object(): 0, or the errno of the first function whose ftrace handler cannot be registered. */
export function patchObject(act: Act, patch: PatchState, object: ObjectState): number {
  for (const func of object.functions) {
    const key = functionKey(object.name, func.name, func.sympos)
    const error = act.state.stacks.has(key) ? 0 : registerHandler(act, object.name, func.name)
    if (error === 0) continue
    act.printKlp('err', `failed to register ftrace handler for function '${func.name}' (${error})`)
    return error
  }
  act.tell('object.patched', { patch: patch.name, object: object.name })
  return 0
}

/** __klp_unpatch_object(): the object's functions, or only its nops, leave their stacks. */
export function unpatchObject(act: Act, patch: PatchState, object: ObjectState, nopsOnly: boolean): string[] {
  const functions = object.functions.filter((func) => !nopsOnly || func.nop).map((func) => func.name)
  const left = functions.length > 0 ? functions : null
  act.tell('object.unpatched', { patch: patch.name, object: object.name, nopsOnly, functions: left })
  return functions
}

/** klp_unpatch_objects(): every patched object; returns the functions that left, without nops. */
export function unpatchObjects(act: Act, patch: PatchState): string[] {
  const left: string[] = []
  for (const object of patch.objects) {
    if (!object.patched) continue
    const own = new Set(object.functions.filter((func) => !func.nop).map((func) => func.name))
    left.push(...unpatchObject(act, patch, object, false).filter((name) => own.has(name)))
  }
  return left
}

/** register_ftrace_function() for a PERMANENT, IPMODIFY ops: refused with ftrace off, or beside another such user. */
function registerHandler(act: Act, object: string, name: string): number {
  if (act.state.settings.get('kernel.ftrace_enabled') === '0') return -EBUSY
  return object === 'vmlinux' && ipmodifyKprobe(act, name) ? -EBUSY : 0
}

/** Whether a loaded module has a kprobe with a post_handler on the function: the other user of IPMODIFY. */
export function ipmodifyKprobe(act: Act, name: string): boolean {
  for (const module of act.state.modules.keys()) {
    const spec = act.world.modules.get(module)
    if (spec?.kprobe?.function === name && hasPostHandler(act, module)) return true
  }
  return false
}

/** Whether a module's kprobe has a post_handler, by its parameter. */
export function hasPostHandler(act: Act, module: string): boolean {
  const spec = act.world.modules.get(module)
  if (spec?.kprobe == null) return false
  const value = paramValue(act, spec, spec.kprobe.postHandler)
  return value === true || /^[yYtT1]|^on$/.test(String(value))
}

/** Whether livepatch has ftrace ops on a function of vmlinux. */
export function isLivepatched(state: KernelState, object: string, name: string): boolean {
  return state.stacks.has(functionKey(object, name, 1))
}
