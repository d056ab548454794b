import { z } from 'zod'

/** The shapes that several event types share. Names are the kernel's own. */

/** An integer that a double holds exactly. Wider ones travel as decimal text. */
export const int = z.int()

/** Nanoseconds, or any other 64-bit integer, as decimal text so that nothing is lost. */
export const int64Text = z.string()

/** What a transition moves its tasks to: klp_target_state as a word. */
export const goal = z.enum(['patched', 'unpatched'])
export type Goal = z.infer<typeof goal>

/** Who did it, as far as the evidence tells: the task, its user, the command that it ran. */
export const actor = z.strictObject({
  pid: int.nullable(),
  comm: z.string().nullable(),
  uid: int.nullable(),
  auid: int.nullable(),
  command: z.string().nullable()
})
export type Actor = z.infer<typeof actor>

/** A struct klp_func: the old function's name and its place among equals (0 and 1 both mean the first). */
const klpFunc = z.strictObject({
  name: z.string(),
  sympos: int,
  /** Name of the replacement; null for a nop, or where no evidence names it. */
  newName: z.string().nullable(),
  nop: z.boolean()
})
export type KlpFunc = z.infer<typeof klpFunc>

/** A struct klp_object: `vmlinux` or a target module, with the functions that the patch changes in it. */
export const klpObject = z.strictObject({
  name: z.string(),
  functions: z.array(klpFunc)
})
export type KlpObject = z.infer<typeof klpObject>

/** A struct klp_state: what a patch changed beyond code, and in which version. */
export const klpState = z.strictObject({ id: int, version: int })

/** How a hook is attached; `kprobe` covers kprobes through perf and through tracefs. */
export const hookKind = z.enum(['kprobe', 'kprobe_multi', 'fentry', 'fexit', 'fmod_ret'])
export type HookKind = z.infer<typeof hookKind>

/** The rules by which a new patch treats older ones. */
export const policy = z.enum(['mainline', 'hybrid', 'replace-set'])
export type Policy = z.infer<typeof policy>
