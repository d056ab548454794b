import { isDamaged, type ObjectState, type PatchState } from '../projections/index.ts'
import { type Act, EINVAL, ENOEXEC } from './act.ts'
import { hasBug } from './bugs.ts'
import { runCallback } from './callbacks.ts'
import { repair } from './damage.ts'
import { patchObject, unpatchObject } from './func-stack.ts'
import { initObjectLoaded } from './init-patch.ts'

/** klp_module_coming(): every patch on the module takes hold before its init; one that cannot refuses it. */
export function moduleComing(act: Act, module: string): number {
  if (module === 'vmlinux') {
    act.printKlp('err', 'vmlinux.ko: invalid module name')
    return -EINVAL
  }
  const done: PatchState[] = []
  const patches = patchesOn(act, module)
  if (hasBug(act.world, 'coming-patches-backwards')) patches.reverse()
  for (const { patch, object } of patches) {
    const isMissed = act.state.transition?.patch === patch.name && hasBug(act.world, 'coming-module-missed')
    if (isMissed) continue
    repair(act, 'object-mod', `${patch.name} ${module}`)
    const error = patchComing(act, patch, object, module)
    if (error === 0) {
      done.push(patch)
      continue
    }
    act.printKlp(
      'warn',
      `patch '${patch.name}' failed for module '${module}', refusing to load module '${module}'`
    )
    cleanup(act, module, done)
    if (hasBug(act.world, 'mod-left-in-error-path'))
      act.tell('damage.done', { kind: 'object-mod', subject: `${patch.name} ${module}` })
    return error
  }
  return 0
}

/** klp_module_going(): every patch on the module is reverted. */
export function moduleGoing(act: Act, module: string): void {
  cleanup(
    act,
    module,
    patchesOn(act, module).map(({ patch }) => patch)
  )
}

function patchComing(act: Act, patch: PatchState, object: ObjectState, module: string): number {
  const resolved = resolve(act, patch, module)
  if (resolved !== 0) {
    act.printKlp('warn', `failed to initialize patch '${patch.name}' for module '${module}' (${resolved})`)
    return resolved
  }
  act.printKlp('notice', `applying patch '${patch.name}' to loading module '${module}'`)
  const ret = runCallback(act, patch.name, module, 'pre_patch')
  if (ret !== 0) {
    act.printKlp('warn', `pre-patch callback failed for object '${module}'`)
    return ret
  }
  const error = patchObject(act, patch, object)
  if (error !== 0) {
    act.printKlp('warn', `failed to apply patch '${patch.name}' to module '${module}' (${error})`)
    runCallback(act, patch.name, module, 'post_unpatch')
    return error
  }
  if (act.state.transition?.patch !== patch.name) runCallback(act, patch.name, module, 'post_patch')
  return 0
}

/** klp_cleanup_module_patches_limited(): in list order, for the patches that had taken hold. */
function cleanup(act: Act, module: string, patches: readonly PatchState[]): void {
  for (const patch of patches) {
    const object = patch.objects.find((one) => one.name === module)
    if (object === undefined) continue
    if (act.state.transition?.patch !== patch.name) runCallback(act, patch.name, module, 'pre_unpatch')
    act.printKlp('notice', `reverting patch '${patch.name}' on unloading module '${module}'`)
    unpatchObject(act, patch, object, false)
    if (object.postUnpatchDue) runCallback(act, patch.name, module, 'post_unpatch')
    if (hasBug(act.world, 'relocations-kept'))
      act.tell('damage.done', { kind: 'relocation', subject: `${patch.name} ${module}` })
  }
}

function patchesOn(act: Act, module: string): { patch: PatchState; object: ObjectState }[] {
  return act.state.patches.flatMap((patch) => {
    const object = patch.offList ? undefined : patch.objects.find((one) => one.name === module)
    return object === undefined ? [] : [{ patch, object }]
  })
}

/** klp_init_object_loaded(), for what the patch itself changes: who has a nop's function has resolved it before. */
function resolve(act: Act, patch: PatchState, module: string): number {
  // apply_relocate_add() finds the place written already.
  if (isDamaged(act.state, 'relocation', `${patch.name} ${module}`)) return -ENOEXEC
  const objects = act.world.modules.get(patch.name)?.patch?.objects ?? []
  return initObjectLoaded(act, module, objects.find((one) => one.name === module)?.functions ?? [])
}
