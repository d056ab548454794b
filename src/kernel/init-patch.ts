import { isDamaged, type ObjectState, type PatchState, withNops } from '../projections/index.ts'
import { type Act, EEXIST, EINVAL } from './act.ts'
import { hasBug } from './bugs.ts'
import { paramValue } from './callbacks.ts'
import { kstrtobool, kstrtoint } from './kstrtobool.ts'
import type { FuncSpec, ModuleSpec, ObjectSpec, PatchSpec } from './module-spec.ts'
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
export function addNops({ state, world }: Pick<Act, 'state' | 'world'>, patch: PatchState): PatchState {
  if (!world.rules.replaces(patch) || hasBug(world, 'functions-dropped-after-switch')) return patch
  const isForAll = hasBug(world, 'nops-for-all')
  const older = state.patches.filter((old) => !old.offList && (isForAll || world.rules.inScope(patch, old)))
  // Who is out of scope is left out already, so every function of the others wants its nop.
  return { ...patch, objects: withNops('mainline', patch, patch.objects, older) }
}

/** klp_init_patch(): its directory, its nops, then object by object; the first error ends it. */
export function initPatch(act: Act, bare: PatchState, spec: PatchSpec): number {
  const error = addPatchDirectory(act, bare.name) || allocateNops(act, bare)
  return error === 0 ? initObjects(act, bare, spec) : error
}

/** kobject_add() of the patch's own directory: who has left one there is in its way. */
function addPatchDirectory(act: Act, name: string): number {
  return isDamaged(act.state, 'sysfs-directory', name) ? -EEXIST : act.step('sysfs')
}

/** klp_alloc_func_nop() for each nop. */
function allocateNops(act: Act, bare: PatchState): number {
  for (const { functions } of addNops(act, bare).objects) {
    for (const { nop } of functions) {
      const error = nop ? act.step('nop') : 0
      if (error !== 0) return error
    }
  }
  return 0
}

function initObjects(act: Act, bare: PatchState, spec: PatchSpec): number {
  const names = new Set<string>()
  for (const object of spec.objects) {
    if (object.name !== 'vmlinux' && object.name.length >= moduleNameLen) return -EINVAL
    // kobject_add() of the object's directory.
    if (names.has(object.name)) return -EEXIST
    names.add(object.name)
    const failed = act.step('sysfs')
    if (failed !== 0) return failed
    const error = initFuncs(act, object.functions)
    if (error !== 0) return error
    // The nop for a function that the patch changes itself has the same directory.
    if (hasBug(act.world, 'sympos-0-is-not-1') && hasNopOfOwn(act, bare, object)) return -EEXIST
    if (!isLoaded(act.state, object.name)) continue
    const unresolved = initObjectLoaded(act, object.name, object.functions)
    if (unresolved !== 0) return unresolved
  }
  return 0
}

/** klp_init_func() for each function of an object: its names, and its directory `function,sympos`. */
function initFuncs(act: Act, functions: readonly FuncSpec[]): number {
  const directories = new Set<string>()
  for (const func of functions) {
    if (func.old === '' || func.new === '' || func.old.length >= ksymNameLen) return -EINVAL
    // The directory of sympos 0 is that of sympos 1.
    const directory = `${func.old},${Math.max(1, func.sympos)}`
    if (directories.has(directory)) return -EEXIST
    directories.add(directory)
    const failed = act.step('sysfs')
    if (failed !== 0) return failed
  }
  return 0
}

/** Whether an older patch in scope has one of the object's functions with the other of the positions 0 and 1. */
function hasNopOfOwn({ state, world }: Act, bare: PatchState, object: ObjectSpec): boolean {
  if (!world.rules.replaces(bare)) return false
  return state.patches.some((old) => {
    if (old.offList || !world.rules.inScope(bare, old)) return false
    const objects = world.modules.get(old.name)?.patch?.objects ?? []
    const theirs = objects.find(({ name }) => name === object.name)?.functions ?? []
    return object.functions.some((func) =>
      theirs.some((other) => other.old === func.old && other.sympos + func.sympos === 1)
    )
  })
}

/** klp_init_object_loaded(): every function's address, once the object is there. */
export function initObjectLoaded(act: Act, object: string, functions: readonly FuncSpec[]): number {
  for (const func of functions) {
    const error = findObjectSymbol(act, object, func)
    if (error !== 0) return error
  }
  return 0
}
