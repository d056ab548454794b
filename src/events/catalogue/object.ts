import { z } from 'zod'
import { int } from './shapes.ts'

/** Events of a patched object (vmlinux or a module), its nops and its callbacks: kernel/livepatch/patch.c. */
export const objectEvents = {
  /** klp_patch_object() returned 0: the object's functions are on top of their stacks. Proof: its kretprobe. */
  'object.patched': {
    version: 1,
    data: z.strictObject({ patch: z.string(), object: z.string() })
  },
  /**
   * __klp_unpatch_object(): the object's functions left their stacks, only its nops with `nopsOnly`.
   * Proof: its probe, klp_unpatch_func, "reverting patch".
   */
  'object.unpatched': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      object: z.string(),
      nopsOnly: z.boolean(),
      functions: z.array(z.string()).nullable()
    })
  },
  /** klp_add_nops() gave the patch a nop for a function. Proof: a function directory in sysfs that no manifest lists. */
  'nop.added': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      object: z.string(),
      function: z.string(),
      sympos: int
    })
  },
  /** klp_discard_nops(): the patch's nops left the stacks and sysfs. Proof: its probe, klp_unpatch_func(nop=1). */
  'nop.discarded': {
    version: 1,
    data: z.strictObject({ patch: z.string(), functions: z.array(z.string()).nullable() })
  },
  /** A patch's callback ran for an object; `ret` only for pre_patch. Proof: the line that the callback printed. */
  'callback.ran': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      callback: z.enum(['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch']),
      object: z.string(),
      ret: int.nullable()
    })
  }
} as const
