import { z } from 'zod'

const module = { mod: z.string() }
const args = z.array(z.string()).default([])
const value = z.union([z.number(), z.string()]).transform(String)
const cmp = z.enum(['==', '!='])

/** A file in sysfs, as a script names it: a livepatch's attribute, or a whole path. */
const place = {
  path: z.string().optional(),
  file: z.string().optional(),
  mod: z.string().optional(),
  attr: z.string().optional()
}

/** How many livepatches sysfs shall show. */
const count = {
  n: z.number().optional(),
  count: z.number().optional(),
  expect: z.union([z.number(), z.string()]).optional(),
  value: z.union([z.number(), z.string()]).optional()
}

/** The operations of a selftest's script, normalised: the helpers of the selftests' functions.sh. */
const op = z.discriminatedUnion('op', [
  z.object({ op: z.literal('load_lp'), ...module, args }),
  z.object({ op: z.literal('load_lp_nowait'), ...module, args }),
  z.object({ op: z.literal('load_mod'), ...module, args }),
  z.object({ op: z.literal('load_failing_mod'), ...module, args }),
  z.object({ op: z.literal('disable_lp'), ...module }),
  z.object({ op: z.literal('unload_lp'), ...module }),
  z.object({ op: z.literal('unload_mod'), ...module }),
  z.object({ op: z.literal('set_pre_patch_ret'), ...module, value: value.optional(), ret: value.optional() }),
  z.object({ op: z.literal('set_ftrace_enabled'), value, may_fail: z.boolean().default(false) }),
  z.object({ op: z.literal('check_sysfs_rights'), ...module, attr: z.string(), expect: z.string() }),
  z.object({ op: z.literal('check_sysfs_value'), ...module, attr: z.string(), expect: value }),
  // What is done if it exists stands in `then`, which no object should have: read by `nestedOps`.
  z.looseObject({ op: z.literal('if_sysfs_exists'), ...module, attr: z.string() }),
  z.object({ op: z.literal('grep_to_kmsg'), pattern: z.string(), file: z.string() }),
  z.object({ op: z.literal('fail_if_read'), file: z.string(), cmp, value: z.string() }),
  z.object({ op: z.literal('log_if_read'), file: z.string(), cmp, value: z.string(), msg: z.string() }),
  z.object({
    op: z.literal('read_sysfs'),
    path: z.string().optional(),
    file: z.string().optional(),
    into: z.string()
  }),
  z.object({ op: z.literal('log'), msg: z.string() }),
  z.object({ op: z.literal('write'), ...place, value: value.default('') }),
  z.object({ op: z.literal('wait_sysfs'), ...place, value: value.optional(), expect: value.optional() }),
  z.object({ op: z.literal('assert_klp_dir_count'), ...count }),
  z.object({ op: z.literal('wait_klp_dir_count'), ...count }),
  z.object({ op: z.literal('trace_function'), func: z.string() }),
  z.object({ op: z.literal('check_traced_functions'), funcs: z.array(z.string()) }),
  z.object({ op: z.literal('spawn_tasks') }),
  z.object({ op: z.literal('kill_tasks') })
])
export type SelftestOp = z.infer<typeof op>

/** A transcript: the script's operations, and the kernel log that they must give. */
const transcript = z.looseObject({
  test: z.string(),
  what: z.string().default(''),
  base: z.string().optional(),
  ops: z.array(z.unknown()),
  expected_dmesg: z.array(z.string())
})

export interface Transcript {
  readonly test: string
  /** What it is about, in a sentence. */
  readonly what: string
  /** It is the replace-set version of a test of mainline. */
  readonly isReplaceSet: boolean
  readonly ops: readonly SelftestOp[]
  readonly expected: readonly string[]
}

/** Whether a JSON document is a transcript, and no scenario. */
export function isTranscript(json: unknown): boolean {
  return transcript.safeParse(json).success
}

/** @throws ZodError when it is no transcript, or has an operation that the selftests do not have. */
export function readTranscript(json: unknown): Transcript {
  const { test, what, base, ops, expected_dmesg: expected } = transcript.parse(json)
  return { test, what, isReplaceSet: base !== undefined, ops: z.array(op).parse(ops), expected }
}

/** What a condition's operation does when it holds. */
export function nestedOps(condition: Extract<SelftestOp, { op: 'if_sysfs_exists' }>): SelftestOp[] {
  return z.array(op).parse(condition.then)
}
