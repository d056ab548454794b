import { functionKey, type ObjectState, type PatchState } from '../projections/index.ts'
import type { Act } from './act.ts'
import { registerFtraceOps } from './ipmodify.ts'

/**
 * klp_patch_object() and klp_patch_func(): 0, or the errno of the first function whose ftrace handler cannot be
 * registered; those before it leave their stacks again. A function that is livepatched already needs no ftrace.
 */
export function patchObject(act: Act, patch: PatchState, object: ObjectState): number {
  for (const func of object.functions) {
    const key = functionKey(object.name, func.name, func.sympos)
    const error = act.state.stacks.has(key) ? 0 : registerFtraceOps(act, object.name, func.name)
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
