import { carriesStates, type PolicyRules } from '../policy.ts'

/** Atomic replace as released: a replacing patch takes over from every older one. */
export const mainline: PolicyRules = {
  name: 'mainline',
  flag: 'none',
  overridesReplacements: false,
  inScope: () => true,
  replaces: (patch) => patch.replace === true,
  isCompatible: carriesStates,
  isPinnedBy: (by, other) => other.name !== by.name
}
