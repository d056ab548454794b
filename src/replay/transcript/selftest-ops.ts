import { z } from 'zod'

const module = { mod: z.string() }
const args = z.array(z.string()).default([])

/** The operations of a selftest's script, normalised: the helpers of the selftests' functions.sh. */
const op = z.discriminatedUnion('op', [
  z.object({ op: z.literal('load_lp'), ...module, args }),
  z.object({ op: z.literal('load_lp_nowait'), ...module, args }),
  z.object({ op: z.literal('load_mod'), ...module, args }),
  z.object({ op: z.literal('load_failing_mod'), ...module, args }),
  z.object({ op: z.literal('disable_lp'), ...module }),
  z.object({ op: z.literal('unload_lp'), ...module }),
  z.object({ op: z.literal('unload_mod'), ...module }),
  z.object({ op: z.literal('set_pre_patch_ret'), ...module, value: z.union([z.number(), z.string()]) }),
  z.object({
    op: z.literal('set_ftrace_enabled'),
    value: z.union([z.number(), z.string()]),
    may_fail: z.boolean().optional()
  }),
  z.object({ op: z.literal('check_sysfs_rights'), ...module, attr: z.string(), expect: z.string() }),
  z.object({ op: z.literal('check_sysfs_value'), ...module, attr: z.string(), expect: z.string() }),
  z.object({
    op: z.literal('if_sysfs_exists'),
    ...module,
    attr: z.string(),
    // biome-ignore lint/suspicious/noThenProperty: the transcripts name the field so.
    then: z.array(z.unknown())
  }),
  z.object({ op: z.literal('grep_to_kmsg'), pattern: z.string(), file: z.string() }),
  z.object({ op: z.literal('fail_if_read'), file: z.string(), cmp: z.enum(['==', '!=']), value: z.string() }),
  z.object({
    op: z.literal('log_if_read'),
    file: z.string(),
    cmp: z.enum(['==', '!=']),
    value: z.string(),
    msg: z.string()
  }),
  z.object({ op: z.literal('read_sysfs'), path: z.string(), into: z.string() }),
  z.object({ op: z.literal('log'), msg: z.string() }),
  z.looseObject({ op: z.literal('write') }),
  z.looseObject({ op: z.literal('wait_sysfs') }),
  z.looseObject({ op: z.literal('assert_klp_dir_count') }),
  z.looseObject({ op: z.literal('wait_klp_dir_count') }),
  z.looseObject({ op: z.literal('trace_function') }),
  z.looseObject({ op: z.literal('check_traced_functions') }),
  z.looseObject({ op: z.literal('spawn_tasks') }),
  z.looseObject({ op: z.literal('kill_tasks') })
])
export type SelftestOp = z.infer<typeof op>

/** A transcript: the script's operations, and the kernel log that they must give. */
const transcript = z.looseObject({
  test: z.string(),
  ops: z.array(z.unknown()),
  expected_dmesg: z.array(z.string())
})

export interface Transcript {
  readonly test: string
  readonly ops: readonly SelftestOp[]
  readonly expected: readonly string[]
}

/** @throws ZodError when it is no transcript, or has an operation that the selftests do not have. */
export function readTranscript(json: unknown): Transcript {
  const { test, ops, expected_dmesg: expected } = transcript.parse(json)
  return { test, ops: ops.map((one) => op.parse(one)), expected }
}

/** One operation of a nested list. */
export function readOp(json: unknown): SelftestOp {
  return op.parse(json)
}
