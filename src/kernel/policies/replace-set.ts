import { functionKey, inScope } from '../../projections/index.ts'
import type { PolicyRules, ScopedPatch } from '../policy.ts'

/**
 * PATCH v2 of May 2026: every patch replaces those of its own set, and different sets may share neither
 * functions nor state ids.
 */
export const replaceSet: PolicyRules = {
  name: 'replace-set',
  flag: 'replace_set',
  overridesReplacements: false,
  inScope: (by, old) => inScope('replace-set', by, old),
  replaces: () => true,
  isCompatible: (patch, old) =>
    inScope('replace-set', patch, old) ? carriesOn(patch, old) : isDisjoint(patch, old),
  isPinnedBy: (by, other) => other.name !== by.name && inScope('replace-set', by, other)
}

function carriesOn(patch: ScopedPatch, old: ScopedPatch): boolean {
  return old.states.every(({ id, version }) => {
    const own = patch.states.find((state) => state.id === id)
    return own !== undefined && own.version >= version
  })
}

function isDisjoint(patch: ScopedPatch, old: ScopedPatch): boolean {
  if (old.states.some(({ id }) => patch.states.some((state) => state.id === id))) return false
  const taken = new Set(keysOf(old))
  return !keysOf(patch).some((key) => taken.has(key))
}

function keysOf(patch: ScopedPatch): string[] {
  return patch.objects.flatMap((object) =>
    object.functions.map((func) => functionKey(object.name, func.name, func.sympos))
  )
}
