import type { Policy } from '../events/index.ts'
import type { PatchState } from '../projections/index.ts'

/** What a policy's rules read of a patch: one on the list, or one about to join it. */
export type ScopedPatch = Pick<
  PatchState,
  'name' | 'replace' | 'replaceable' | 'replaceSet' | 'states' | 'objects'
>

/** How a proposal for atomic replace differs from the others: three rules, and what sysfs shows. */
export interface PolicyRules {
  readonly name: Policy
  /** What sysfs shows of a patch beside `replace`, or in its place. */
  readonly flag: 'none' | 'replaceable' | 'replace_set'
  /** Whether a kprobe may override any function of a livepatch module (2/4 of the RFC). */
  readonly overridesReplacements: boolean
  /** Whether a new patch takes over from an old one: in klp_add_nops(), in unpatching and in freeing. */
  inScope(by: ScopedPatch, old: ScopedPatch): boolean
  /** Whether the patch replaces at all. */
  replaces(patch: ScopedPatch): boolean
  /** klp_is_patch_compatible() for the new patch and each one on the list. */
  isCompatible(patch: ScopedPatch, old: ScopedPatch): boolean
  /** Whom a force towards PATCHED pins, besides nobody when the patch does not replace. */
  isPinnedBy(by: ScopedPatch, other: ScopedPatch): boolean
}

/** States as mainline compares them: an older patch's states must be carried on, in no older version. */
export function carriesStates(patch: ScopedPatch, old: ScopedPatch): boolean {
  return old.states.every(({ id, version }) => {
    const own = patch.states.find((state) => state.id === id)
    return own === undefined ? patch.replace !== true : own.version >= version
  })
}
