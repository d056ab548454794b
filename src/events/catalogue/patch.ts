import { z } from 'zod'
import { actor, int, klpObject, klpState } from './shapes.ts'

/** Events of a livepatch's life, from klp_enable_patch() to the free work. */
export const patchEvents = {
  /**
   * klp_enable_patch() passed its checks and put the patch at the tail of klp_patches.
   * Proof: the probe on klp_enable_patch with klp_init_transition(state=1) or "enabling patch"; the
   * objects come from a manifest or sysfs and are null where neither is at hand.
   */
  'patch.enabled': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      replace: z.boolean().nullable(),
      replaceable: z.boolean().nullable(),
      replaceSet: int.nullable(),
      objects: z.array(klpObject).nullable(),
      /** True when `objects` lists the nops too; else they follow from the patch list and the policy. */
      nopsListed: z.boolean(),
      states: z.array(klpState),
      actor: actor.nullable()
    })
  },
  /**
   * The completion of patch `by` unpatched this one: klp_unpatch_replaced_patches(). No callback runs.
   * Proof: klp_unpatch_objects inside klp_unpatch_replaced_patches; inferred where only the log is at hand.
   */
  'patch.replaced': {
    version: 1,
    data: z.strictObject({ patch: z.string(), by: z.string() })
  },
  /**
   * The functions of the patch left their stacks, and why. `functions` is null where no probe names them.
   * Proof: klp_unpatch_objects, klp_unpatch_object, klp_unpatch_func; "unpatching complete".
   */
  'patch.unpatched': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      reason: z.enum(['disabled', 'replaced', 'cancelled', 'reversed']),
      functions: z.array(z.string()).nullable()
    })
  },
  /**
   * The free work released the patch: off klp_patches, sysfs directory gone, module reference dropped
   * unless pinned. Proof: klp_free_patch_work_fn, klp_kobj_release_patch.
   */
  'patch.freed': { version: 1, data: z.strictObject({ patch: z.string() }) },
  /**
   * The kernel refused an operation on the patch. `errno` is positive, null where only the log tells. Proof: the return values of
   * klp_enable_patch and enabled_store; the `message` is the kernel's own line when there was one.
   */
  'patch.rejected': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      operation: z.enum(['enable', 'write-enabled', 'force']),
      value: z.string().nullable(),
      errno: int.nullable(),
      message: z.string().nullable(),
      actor: actor.nullable()
    })
  },
  /** __klp_disable_patch() accepted: a write of 0 to `enabled`. Proof: enabled_store, klp_init_transition(state=0). */
  'patch.disabled': {
    version: 1,
    data: z.strictObject({ patch: z.string(), actor: actor.nullable() })
  },
  /** A write to `replaceable` changed the flag of a patch (hybrid). Proof: replaceable_store, sysfs. */
  'patch.marked': {
    version: 1,
    data: z.strictObject({ patch: z.string(), replaceable: z.boolean(), actor: actor.nullable() })
  },
  /**
   * klp_force_transition() marked the patch forced: its module reference is never dropped.
   * Proof: the probe on klp_force_transition; which patches follows from goal and replace.
   */
  'patch.pinned': {
    version: 1,
    data: z.strictObject({ patch: z.string(), by: z.string() })
  }
} as const
