import { findPatch, type PatchState } from '../projections/index.ts'
import { type Act, EBUSY, EINVAL, ENODEV } from './act.ts'
import { hasBug } from './bugs.ts'
import { runCallback } from './callbacks.ts'
import { patchObject } from './func-stack.ts'
import { addNops, initPatch, initPatchEarly } from './init-patch.ts'
import type { ModuleSpec, PatchSpec } from './module-spec.ts'
import { isLoaded } from './symbols.ts'
import { completeTransition, initTransition, startTransition, tryCompleteTransition } from './transition.ts'

/** klp_enable_patch(): 0, or a negative errno after which nothing has changed. */
export function enablePatch(act: Act, spec: ModuleSpec, patch: PatchSpec): number {
  if (!spec.livepatch) {
    return refusedWith(act, spec.name, `module ${spec.name} is not marked as a livepatch module`)
  }
  const { traits } = act.world
  if (!traits.klpInitialised) return rejected(act, spec.name, -ENODEV, null)
  if (!traits.reliableStacks) {
    act.printKlp('warn', "This architecture doesn't have support for the livepatch consistency model.")
    act.printKlp('warn', 'The livepatch transition may never complete.')
  }
  const isBusy = act.state.transition !== null
  if (isBusy && hasBug(act.world, 'busy-before-conflict')) return rejected(act, spec.name, -EBUSY, null)
  const bare = initPatchEarly(act, spec, patch)
  if (!isPatchCompatible(act, bare)) {
    return refusedWith(
      act,
      spec.name,
      `Livepatch patch (${spec.name}) is not compatible with the already installed livepatches.`
    )
  }
  const early = takeReference(act, spec.name)
  if (early !== 0) return rejected(act, spec.name, early, null)
  const error = initPatch(act, bare, patch)
  if (error !== 0) return rejected(act, spec.name, error, null)
  // The directory was made and goes again, so only the return value shows that there was more to it.
  if (isBusy) return rejected(act, spec.name, -EBUSY, null)
  return enableInitialised(act, bare)
}

/** klp_is_patch_compatible(): against every patch on the list, one in transition included. */
export function isPatchCompatible(
  { state, world }: Pick<Act, 'state' | 'world'>,
  patch: PatchState
): boolean {
  if (hasBug(world, 'state-check-skipped')) return true
  return state.patches.every((old) => old.offList || world.rules.isCompatible(patch, old))
}

/** try_module_get() and klp_init_patch_early(): neither fails but when it is asked to. */
function takeReference(act: Act, patch: string): number {
  const unheld = act.step('module-reference')
  if (unheld !== 0 && hasBug(act.world, 'mutex-left-locked'))
    act.tell('damage.done', { kind: 'mutex', subject: 'klp_mutex' })
  if (unheld !== 0) return unheld
  const error = act.step('early-init')
  if (error !== 0 && hasBug(act.world, 'early-failure-leaks')) {
    act.tell('damage.done', { kind: 'module-reference', subject: patch })
    act.tell('damage.done', { kind: 'sysfs-directory', subject: patch })
  }
  return error
}

/** __klp_enable_patch(). */
function enableInitialised(act: Act, bare: PatchState): number {
  const { name } = bare
  // The fold adds nops by the policy that the state tells of, and so knows the patch's own empty objects from
  // those that are made for nops; under another policy's rules the model has to list them.
  const nopsListed = act.state.policy !== act.world.rules.name || hasOwnNops(act)
  const newPatch = nopsListed ? addNops(act, bare) : bare
  act.printKlp('notice', `enabling patch '${name}'`)
  act.tell('patch.enabled', {
    patch: name,
    replace: newPatch.replace,
    replaceable: newPatch.replaceable,
    replaceSet: newPatch.replaceSet,
    objects: newPatch.objects.map((object) => ({ name: object.name, functions: [...object.functions] })),
    nopsListed,
    states: [...newPatch.states],
    actor: null
  })
  const patch = findPatch(act.state, name) as PatchState
  initTransition(act, patch, 'patched')
  for (const object of patch.objects) {
    if (!isLoaded(act.state, object.name)) continue
    const ret = runCallback(act, name, object.name, 'pre_patch')
    if (ret !== 0) {
      const message = `pre-patch callback failed for object '${object.name}'`
      const isPrepared = hasBug(act.world, 'post-unpatch-always')
      return cancelEnable(act, patch, ret, message, isPrepared ? object.name : null)
    }
    const error = patchObject(act, patch, object)
    if (error !== 0) {
      return cancelEnable(act, patch, error, `failed to patch object '${object.name}'`, object.name)
    }
  }
  startTransition(act, patch, 'patched')
  tryCompleteTransition(act)
  return 0
}

/** Whether a bug makes other nops than those that the fold adds. */
function hasOwnNops({ world }: Act): boolean {
  return hasBug(world, 'nops-for-all') || hasBug(world, 'functions-dropped-after-switch')
}

/**
 * klp_cancel_transition() and the error path of klp_enable_patch(). `prepared` is the object that pre_patch had
 * been called for when its functions could not be patched: its post_unpatch is due, callbacks.rst or not.
 */
function cancelEnable(
  act: Act,
  patch: PatchState,
  error: number,
  message: string,
  prepared: string | null
): number {
  act.printKlp('warn', message)
  act.printKlp('warn', `failed to enable patch '${patch.name}'`)
  if (hasBug(act.world, 'refused-stays-enabled')) return rejected(act, patch.name, error, message)
  act.tell('transition.cancelled', { patch: patch.name })
  act.printKlp('debug', `'${patch.name}': canceling patching transition, going to unpatch`)
  completeTransition(act, patch, 'unpatched', prepared)
  act.tell('patch.freed', { patch: patch.name })
  return rejected(act, patch.name, error, message)
}

function refusedWith(act: Act, patch: string, message: string): number {
  act.printKlp('err', message)
  return rejected(act, patch, -EINVAL, message)
}

function rejected(act: Act, patch: string, error: number, message: string | null): number {
  act.tell('patch.rejected', { patch, operation: 'enable', value: null, errno: -error, message, actor: null })
  return error
}
