import { z } from 'zod'

/**
 * What a kernel with a bug leaves behind in memory, or loses. `subject`, by kind: `pending-flag` a task's key,
 * `object-mod` and `relocation` `PATCH OBJECT`, `module-reference` a module,
 * `sysfs-directory` a patch, `ipmodify-ops` a function of vmlinux, `lost-redirection` a function's key, `mutex` klp_mutex.
 */
const damage = z.strictObject({
  kind: z.enum([
    'pending-flag',
    'object-mod',
    'relocation',
    'module-reference',
    'ipmodify-ops',
    'sysfs-directory',
    'lost-redirection',
    'mutex'
  ]),
  subject: z.string()
})

/** Events that no evidence of a right kernel shows: only a model whose world has a bug tells them. */
export const damageEvents = {
  /** Something stays that should have gone, or is gone that should have stayed. */
  'damage.done': { version: 1, data: damage },
  /** It is as it should be again. */
  'damage.undone': { version: 1, data: damage }
} as const
