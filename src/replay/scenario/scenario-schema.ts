import { z } from 'zod'
import { bugNames } from '../../kernel/index.ts'
import { manifestModule } from './manifest-modules.ts'

const text = z.union([z.number(), z.boolean(), z.string()])
const task = z.union([z.int(), z.string()]).describe('a task by its pid or its comm')
const duration = z
  .union([
    z.number().min(0),
    z.string().regex(/^\+?\d+(\.\d+)?\s*(ns|us|ms|s|m|h)$/, 'no duration: 1s, 2.5s, 100ms')
  ])
  .describe('seconds, or with a unit: 1s, 2.5s, 100ms')
const errno = z
  .union([z.literal('ok'), z.int().min(0), z.string().regex(/^E[A-Z]+$/, 'no errno: ok, EINVAL, 22')])
  .describe('ok, or the errno of the refusal: EINVAL or 22')
const busy = z
  .record(z.string(), z.enum(['running', 'unreliable-stack', 'self']))
  .describe(
    'what the try of this step finds tasks doing, by pid or comm; all others sleep. self: it switches itself just before'
  )

const hookStatus = z.enum(['active', 'partial', 'shadowed', 'stale', 'gone', 'none'])
const hookExpectation = z.union([
  hookStatus,
  z.strictObject({
    status: hookStatus.optional(),
    reach: z.enum(['all', 'none', 'switched', 'unswitched']).optional()
  })
])

const callExpectation = z
  .strictObject({
    task,
    call: z.string().describe('the function that the task calls: NAME or MODULE:NAME'),
    version: z.string().optional().describe('the patch whose version runs, or original'),
    hook: z.string().nullable().optional().describe('the program that the call reaches; null: none'),
    value: text.optional().describe('what the call returns')
  })
  .describe('what a call of a task runs now')

const state = {
  patches: z.array(z.string()).optional().describe('the enabled or changing patches, the oldest first'),
  enabled: z.record(z.string(), z.boolean()).optional().describe("a patch's `enabled` in sysfs"),
  forced: z.array(z.string()).optional().describe('the patches whose modules a force has pinned'),
  stacks: z
    .record(z.string(), z.array(z.string()))
    .optional()
    .describe("a function's stack, the top first; nop(PATCH) is a nop of PATCH; [] is an unpatched function"),
  hooks: z.record(z.string(), hookExpectation).optional().describe('attached programs; none: not attached'),
  runs: z.array(callExpectation).optional(),
  transition: z
    .union([
      z.literal('none'),
      z.strictObject({
        patch: z.string(),
        goal: z.enum(['patched', 'unpatched']),
        waiting: z.array(task).optional().describe('the tasks that have not switched')
      })
    ])
    .optional(),
  modules: z.array(z.string()).optional().describe('all loaded modules'),
  log: z
    .array(z.string())
    .optional()
    .describe('lines of the kernel log in this order, others may come between; []: nothing is printed')
}

const finalExpectation = z.strictObject(state).describe('what must hold at the end')
const stepExpectation = z
  .strictObject({ errno: errno.optional(), ...state })
  .describe('what must hold after the step; without an errno it must succeed')
export type StepExpectation = z.infer<typeof stepExpectation>

const common = {
  note: z.string().optional().describe('what a reader should know'),
  wait: duration.optional().describe('time since the step before; 100 ms by default'),
  at: duration.optional().describe('time since boot, instead of `wait`'),
  settle: z.boolean().optional().describe('afterwards the delayed works run until nothing is left to do'),
  expect: stepExpectation.optional()
}

const patch = z.string().describe('a livepatch')

/** The steps by their verbs: each has exactly one. */
export const stepSchemas = {
  insmod: z.strictObject({
    insmod: z.string().describe('a module'),
    params: z.record(z.string(), text).optional(),
    busy_trampolines: z
      .array(z.string())
      .optional()
      .describe('functions, as OBJECT:FUNCTION, whose BPF trampoline another CPU is changing just then'),
    fail: z
      .strictObject({
        step: z.enum(['module-reference', 'early-init', 'sysfs', 'nop', 'pre-patch', 'ftrace']),
        nth: z.int().min(1).optional().describe('where there are several: which; 1 by default'),
        errno
      })
      .optional()
      .describe('the step of the load that fails'),
    busy: busy.optional(),
    ...common
  }),
  rmmod: z.strictObject({ rmmod: z.string().describe('a module'), ...common }),
  enable: z.strictObject({
    enable: patch.describe('1 into its `enabled`'),
    busy: busy.optional(),
    ...common
  }),
  disable: z.strictObject({
    disable: patch.describe('0 into its `enabled`'),
    busy: busy.optional(),
    ...common
  }),
  write: z.strictObject({
    write: z
      .string()
      .regex(
        /^[^/]+\/(enabled|force|replaceable)$/,
        'no file: PATCH/enabled, PATCH/force or PATCH/replaceable'
      )
      .describe('a file under /sys/kernel/livepatch'),
    value: text,
    busy: busy.optional(),
    ...common
  }),
  force: z.strictObject({ force: patch.describe('1 into its `force`'), ...common }),
  replaceable: z.strictObject({ replaceable: patch, value: text, ...common }),
  attach: z.strictObject({
    attach: z.string().describe('a name for the program'),
    to: z.string().describe('MODULE:FUNCTION or FUNCTION'),
    kind: z.enum(['kprobe', 'kprobe_multi', 'fentry', 'fexit', 'fmod_ret']).optional(),
    override: text.optional().describe('what it returns in place of the function'),
    overrides: z.boolean().optional().describe('it may return in place of the function, nobody knows what'),
    filter: text.optional().describe('which tasks it is for, where not for all: a cgroup id'),
    ...common
  }),
  detach: z.strictObject({ detach: z.string().describe('a program'), ...common }),
  call: z.strictObject({ call: z.string().describe('MODULE:FUNCTION or FUNCTION'), task, ...common }),
  return: z.strictObject({ return: task.describe('its innermost call returns'), ...common }),
  switch: z.strictObject({
    switch: task.describe('it passes a place where tasks switch themselves'),
    ...common
  }),
  try: z.strictObject({
    try: z.int().min(1).describe('how often the delayed work tries, once a second'),
    busy: busy.optional(),
    ...common
  }),
  free: z.strictObject({ free: patch.describe('its free work runs'), ...common }),
  fork: z.strictObject({
    fork: z.int().min(1).describe('the pid'),
    from: task
      .optional()
      .describe('whose state it takes over; without it it is at the beginning of a transition'),
    comm: z.string().optional(),
    ...common
  }),
  exit: z.strictObject({ exit: task, ...common }),
  sysctl: z.strictObject({ sysctl: z.string(), value: text, ...common }),
  param: z.strictObject({
    param: z.string().regex(/^[^.]+\.[^.]+$/, 'no MODULE.PARAM'),
    value: text,
    ...common
  }),
  look: z.strictObject({ look: z.string().describe('nothing is done; what to look at'), ...common })
} as const
export type Verb = keyof typeof stepSchemas
export type StepSpec = { readonly [V in Verb]: z.infer<(typeof stepSchemas)[V]> & { readonly verb: V } }[Verb]

const whole = {
  title: z.string(),
  story: z.string().describe('what happens and why it matters, for a reader'),
  policy: z.enum(['mainline', 'hybrid', 'replace-set']),
  kernel: z.enum(['6.12', '7.2']).optional().describe('where kernel versions differ; 6.12 by default'),
  bugs: z.array(z.enum(bugNames)).optional().describe('past bugs that this kernel has'),
  manifest: z
    .string()
    .optional()
    .describe("a file of modules in the recordings' shape, relative to this one"),
  modules: z.record(z.string(), manifestModule).optional(),
  tasks: z.array(z.strictObject({ pid: z.int().min(0), comm: z.string() })).optional(),
  tracer: z
    .boolean()
    .optional()
    .describe('kprobes of a tracer are armed from the beginning: their ftrace ops are the oldest'),
  symbols: z
    .strictObject({ missing: z.array(z.string()).optional(), ambiguous: z.array(z.string()).optional() })
    .optional()
    .describe('functions that vmlinux has not, or has several times'),
  returns: z.record(z.string(), text).optional().describe('what original functions return'),
  expect: finalExpectation.optional()
}

/** A scenario but for its steps, which are read one by one so that what is wrong with one is said of it alone. */
export const scenarioFrame = z.strictObject({ ...whole, steps: z.array(z.unknown()).min(1) })

/** The whole format, for editors. */
export function scenarioJsonSchema(): object {
  const verbs = Object.values(stepSchemas)
  return z.toJSONSchema(z.strictObject({ ...whole, steps: z.array(z.union(verbs)).min(1) }), { io: 'input' })
}
