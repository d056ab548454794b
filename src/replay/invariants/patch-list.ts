import type { EventType, Policy } from '../../events/index.ts'
import { functionKey, inScope, type KernelState, type PatchState } from '../../projections/index.ts'

/** klp_patches: L of part E. */
export function listed(state: KernelState): PatchState[] {
  return state.patches.filter((patch) => !patch.offList)
}

/** F(p), with or without nops. */
export function keysOf(patch: Pick<PatchState, 'objects'>, options: { readonly nops: boolean }): string[] {
  return patch.objects.flatMap((object) =>
    object.functions
      .filter((func) => options.nops || !func.nop)
      .map((func) => functionKey(object.name, func.name, func.sympos))
  )
}

/** nops(p), one for each struct klp_func that is a nop. */
export function nopsOf(patch: PatchState): string[] {
  return patch.objects.flatMap((object) =>
    object.functions
      .filter((func) => func.nop)
      .map((func) => functionKey(object.name, func.name, func.sympos))
  )
}

/** `vmlinux`, or the module that a function is in. */
export function objectOf(key: string): string {
  return key.slice(0, key.indexOf(':'))
}

/** Whether a patch replaces others at all; what nobody told of it is taken as no. */
export function isReplacing(policy: Policy, patch: PatchState): boolean {
  return policy === 'replace-set' || patch.replace === true
}

/** Those of klp_patches before a patch that it replaces, and those that it leaves. */
export function replacedBy(
  state: KernelState,
  policy: Policy,
  patch: PatchState
): { readonly replaced: PatchState[]; readonly kept: PatchState[] } {
  const replaced: PatchState[] = []
  const kept: PatchState[] = []
  for (const old of listed(state)) {
    if (old === patch) break
    const goes = isReplacing(policy, patch) && inScope(policy, patch, old)
    ;(goes ? replaced : kept).push(old)
  }
  return { replaced, kept }
}

/** Events that change func_stacks, or whose entry of them a task runs. */
export const stackEvents: readonly EventType[] = [
  'patch.enabled',
  'patch.replaced',
  'patch.unpatched',
  'patch.freed',
  'patch.disabled',
  'object.patched',
  'object.unpatched',
  'nop.added',
  'nop.discarded',
  'transition.started',
  'transition.reversed',
  'transition.cancelled',
  'transition.completed',
  'module.unloaded',
  'host.observed'
]
