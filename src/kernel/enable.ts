import { findPatch, functionKey, type ObjectState, type PatchState, withNops } from '../projections/index.ts'
import { type Act, EBUSY, EINVAL } from './act.ts'
import { paramValue, runCallback } from './callbacks.ts'
import { patchObject } from './func-stack.ts'
import type { ModuleSpec, PatchSpec } from './module-spec.ts'
import { findObjectSymbol } from './symbols.ts'
import {
  completeTransition,
  initTransition,
  isLoaded,
  startTransition,
  tryCompleteTransition
} from './transition.ts'

/** klp_enable_patch(): 0, or a negative errno after which nothing has changed. */
export function enablePatch(act: Act, spec: ModuleSpec, patch: PatchSpec): number {
  if (!spec.livepatch) {
    act.printKlp('err', `module ${spec.name} is not marked as a livepatch module`)
    return rejected(act, spec.name, -EINVAL, `module ${spec.name} is not marked as a livepatch module`)
  }
  const newPatch = patchOf(act, spec, patch)
  if (!isPatchCompatible(act, newPatch)) {
    const message = `Livepatch patch (${spec.name}) is not compatible with the already installed livepatches.`
    act.printKlp('err', message)
    return rejected(act, spec.name, -EINVAL, message)
  }
  const error = initPatch(act, newPatch, patch)
  if (error !== 0) return rejected(act, spec.name, error, null)
  if (act.state.transition !== null) return rejected(act, spec.name, -EBUSY, null)
  return enableInitialised(act, spec, newPatch)
}

/** klp_is_patch_compatible(): against every patch on the list, one in transition included. */
function isPatchCompatible(act: Act, patch: PatchState): boolean {
  return act.state.patches.every((old) => old.offList || act.world.rules.isCompatible(patch, old))
}

/** klp_init_patch(): sysfs, nops, and for loaded objects every symbol. */
function initPatch(act: Act, patch: PatchState, spec: PatchSpec): number {
  const names = new Set<string>()
  for (const object of patch.objects) {
    if (names.has(object.name)) return -17
    names.add(object.name)
    const functions = spec.objects.find((one) => one.name === object.name)?.functions ?? []
    const keys = functions.map((func) => functionKey(object.name, func.old, func.sympos))
    if (new Set(keys).size < keys.length) return -17
    if (!isLoaded(act, object.name)) continue
    for (const func of functions) {
      const error = findObjectSymbol(act, object.name, func)
      if (error !== 0) return error
    }
  }
  return 0
}

/** __klp_enable_patch() and, when it fails, klp_cancel_transition(). */
function enableInitialised(act: Act, spec: ModuleSpec, newPatch: PatchState): number {
  const { name } = spec
  act.printKlp('notice', `enabling patch '${name}'`)
  // An object with callbacks only would look as if nops had made it, so its nops are told one by one.
  const bare = newPatch.objects.filter(
    (object) => !object.dynamic && object.functions.every(({ nop }) => nop)
  )
  act.tell('patch.enabled', {
    patch: name,
    replace: newPatch.replace,
    replaceable: newPatch.replaceable,
    replaceSet: newPatch.replaceSet,
    objects: newPatch.objects.map((object) => ({
      name: object.name,
      functions: bare.includes(object) ? [] : [...object.functions]
    })),
    nopsListed: true,
    states: [...newPatch.states],
    actor: null
  })
  for (const object of bare) {
    for (const { name: func, sympos } of object.functions) {
      act.tell('nop.added', { patch: name, object: object.name, function: func, sympos })
    }
  }
  const patch = findPatch(act.state, name) as PatchState
  initTransition(act, patch, 'patched')
  for (const object of patch.objects) {
    if (!isLoaded(act, object.name)) continue
    const ret = runCallback(act, name, object.name, 'pre_patch')
    if (ret !== 0) {
      act.printKlp('warn', `pre-patch callback failed for object '${object.name}'`)
      return cancelEnable(act, patch, ret, `pre-patch callback failed for object '${object.name}'`)
    }
    object.postUnpatchDue = true
    const error = patchObject(act, patch, object)
    if (error !== 0) {
      act.printKlp('warn', `failed to patch object '${object.name}'`)
      return cancelEnable(act, patch, error, `failed to patch object '${object.name}'`)
    }
  }
  startTransition(act, patch, 'patched')
  tryCompleteTransition(act)
  return 0
}

function cancelEnable(act: Act, patch: PatchState, error: number, message: string): number {
  act.printKlp('warn', `failed to enable patch '${patch.name}'`)
  act.tell('transition.cancelled', { patch: patch.name })
  act.printKlp('debug', `'${patch.name}': canceling patching transition, going to unpatch`)
  completeTransition(act, patch, 'unpatched')
  act.tell('patch.freed', { patch: patch.name })
  return rejected(act, patch.name, error, message)
}

function rejected(act: Act, patch: string, error: number, message: string | null): number {
  act.tell('patch.rejected', { patch, operation: 'enable', value: null, errno: -error, message, actor: null })
  return error
}

/** The struct klp_patch as the module's init hands it over, with klp_add_nops()'s nops. */
function patchOf(act: Act, spec: ModuleSpec, patch: PatchSpec): PatchState {
  const isHybrid = act.world.rules.name === 'hybrid'
  const isSets = act.world.rules.name === 'replace-set'
  const replace = isTrue(paramValue(act, spec, patch.replace))
  const flags = {
    replace: isSets ? null : replace,
    replaceable: isHybrid ? patch.replaceable : null,
    replaceSet: isSets ? Number(paramValue(act, spec, patch.replaceSet)) : null
  }
  const own: ObjectState[] = patch.objects.map((object) => ({
    name: object.name,
    patched: false,
    dynamic: false,
    postUnpatchDue: false,
    functions: object.functions.map((func) => ({
      name: func.old,
      sympos: Math.max(1, func.sympos),
      newName: func.new,
      nop: false
    }))
  }))
  const bare: PatchState = {
    name: spec.name,
    ...flags,
    enabled: false,
    forced: false,
    replacedBy: null,
    offList: false,
    objects: own,
    objectsKnown: true,
    states: patch.states,
    sinceNs: act.state.uptimeNs,
    sincePosition: act.state.position
  }
  if (!act.world.rules.replaces(bare)) return bare
  const older = act.state.patches.filter((old) => !old.offList && act.world.rules.inScope(bare, old))
  // Who is out of scope is left out already, so every function of the others wants its nop.
  return { ...bare, objects: withNops('mainline', flags, own, older) }
}

function isTrue(value: string | boolean): boolean {
  return value === true || /^[1yYtT]/.test(String(value))
}
