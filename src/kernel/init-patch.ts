import { type ObjectState, type PatchState, withNops } from '../projections/index.ts'
import { type Act, EEXIST, EINVAL } from './act.ts'
import { paramValue } from './callbacks.ts'
import { kstrtobool, kstrtoint } from './kstrtobool.ts'
import type { FuncSpec, ModuleSpec, PatchSpec } from './module-spec.ts'
import { findObjectSymbol, isLoaded } from './symbols.ts'

/** Names with their NUL have to be shorter than these. */
const moduleNameLen = 56
const ksymNameLen = 512

/** klp_init_patch_early(): the struct klp_patch as the module's init hands it over, not enabled, without nops. */
export function initPatchEarly(
  act: Pick<Act, 'state' | 'world'>,
  spec: ModuleSpec,
  patch: PatchSpec
): PatchState {
  const { flag } = act.world.rules
  const replace = paramValue(act, spec, patch.replace)
  const replaceSet = paramValue(act, spec, patch.replaceSet)
  return {
    name: spec.name,
    replace: flag === 'replace_set' ? null : typeof replace === 'string' ? kstrtobool(replace) : replace,
    replaceable: flag === 'replaceable' ? patch.replaceable : null,
    replaceSet:
      flag === 'replace_set'
        ? typeof replaceSet === 'string'
          ? (kstrtoint(replaceSet) ?? 0)
          : replaceSet
        : null,
    enabled: false,
    forced: false,
    replacedBy: null,
    offList: false,
    objects: patch.objects.map(objectOf),
    objectsKnown: true,
    states: patch.states,
    sinceNs: act.state.uptimeNs,
    sincePosition: act.state.position
  }
}

function objectOf({ name, functions }: PatchSpec['objects'][number]): ObjectState {
  return {
    name,
    patched: false,
    dynamic: false,
    postUnpatchDue: false,
    functions: functions.map((func) => ({
      name: func.old,
      sympos: Math.max(1, func.sympos),
      newName: func.new,
      nop: false
    }))
  }
}

/** klp_add_nops(): for every function of a patch in scope that the replacing patch itself does not change. */
export function addNops({ state, world }: Act, patch: PatchState): PatchState {
  if (!world.rules.replaces(patch)) return patch
  const older = state.patches.filter((old) => !old.offList && world.rules.inScope(patch, old))
  // Who is out of scope is left out already, so every function of the others wants its nop.
  return { ...patch, objects: withNops('mainline', patch, patch.objects, older) }
}

/** klp_init_patch(): object by object, the first error ends it. Nops and their objects cannot fail here. */
export function initPatch(act: Act, spec: PatchSpec): number {
  const names = new Set<string>()
  for (const object of spec.objects) {
    if (object.name !== 'vmlinux' && object.name.length >= moduleNameLen) return -EINVAL
    // kobject_add() of the object's directory.
    if (names.has(object.name)) return -EEXIST
    names.add(object.name)
    const error = initFuncs(object.functions)
    if (error !== 0) return error
    if (!isLoaded(act.state, object.name)) continue
    const unresolved = initObjectLoaded(act, object.name, object.functions)
    if (unresolved !== 0) return unresolved
  }
  return 0
}

/** klp_init_func() for each function of an object: its names, and its directory `function,sympos`. */
function initFuncs(functions: readonly FuncSpec[]): number {
  const directories = new Set<string>()
  for (const func of functions) {
    if (func.old === '' || func.new === '' || func.old.length >= ksymNameLen) return -EINVAL
    // The directory of sympos 0 is that of sympos 1.
    const directory = `${func.old},${Math.max(1, func.sympos)}`
    if (directories.has(directory)) return -EEXIST
    directories.add(directory)
  }
  return 0
}

/** klp_init_object_loaded(): every function's address, once the object is there. */
export function initObjectLoaded(act: Act, object: string, functions: readonly FuncSpec[]): number {
  for (const func of functions) {
    const error = findObjectSymbol(act, object, func)
    if (error !== 0) return error
  }
  return 0
}
