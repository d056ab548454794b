import { inScope } from '../../projections/index.ts'
import type { PolicyRules } from '../policy.ts'
import { mainline } from './mainline.ts'

/**
 * The RFC of April 2026: three loops skip patches whose `replaceable` is 0. Compatibility and force still
 * look at every patch, which is where its hazards come from.
 */
export const hybrid: PolicyRules = {
  ...mainline,
  name: 'hybrid',
  flag: 'replaceable',
  overridesReplacements: true,
  inScope: (by, old) => inScope('hybrid', by, old)
}
