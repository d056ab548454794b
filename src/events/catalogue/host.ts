import { z } from 'zod'
import { actor, hookKind, int, int64Text, policy } from './shapes.ts'

/** A patch's directory in sysfs, as far as it was read; null where the kernel has no such file. */
export const sysfsPatch = z.strictObject({
  name: z.string(),
  enabled: z.boolean(),
  transition: z.boolean(),
  replace: z.boolean().nullable(),
  replaceable: z.boolean().nullable(),
  replaceSet: int.nullable(),
  stackOrder: int.nullable(),
  objects: z.array(
    z.strictObject({
      name: z.string(),
      patched: z.boolean().nullable(),
      functions: z.array(
        z.strictObject({
          name: z.string(),
          sympos: int,
          /** Name of the replacement, where a manifest tells it; sysfs does not. Since version 2. */
          newName: z.string().nullable()
        })
      )
    })
  )
})
export type SysfsPatch = z.infer<typeof sysfsPatch>

/** A line of /proc/modules. */
const procModule = z.strictObject({
  name: z.string(),
  refs: int.nullable(),
  state: z.string().nullable()
})

/** A kprobe of debugfs kprobes/list. */
const listedKprobe = z.strictObject({
  address: z.string(),
  symbol: z.string().nullable(),
  module: z.string().nullable(),
  gone: z.boolean()
})

/** An attached BPF program, as bpftool or a link's info tells it. */
const listedHook = z.strictObject({
  program: z.string(),
  programId: int.nullable(),
  linkId: int.nullable(),
  kind: hookKind.nullable(),
  module: z.string().nullable(),
  function: z.string().nullable(),
  address: z.string().nullable()
})

/** Events of the machine, its modules, its users, and of the evidence itself. */
export const hostEvents = {
  /**
   * The first event of a stream: which kernel, under which policy. `kprobeTracer`: the evidence itself comes
   * from kprobes that were armed when it began, so kprobe_ftrace_ops is older than what follows.
   */
  'host.booted': {
    version: 1,
    data: z.strictObject({
      release: z.string().nullable(),
      policy: policy.nullable(),
      policyFrom: z.string(),
      hasStackOrder: z.boolean().nullable(),
      kprobeTracer: z.boolean()
    })
  },
  /**
   * A snapshot, read between `fromNs` and the event's own time. A part is null when it was not read.
   * Proof: sysfs, /proc/modules, kprobes/list, bpftool.
   */
  'host.observed': {
    version: 2,
    data: z.strictObject({
      fromNs: int64Text,
      label: z.string().nullable(),
      patches: z.array(sysfsPatch).nullable(),
      modules: z.array(procModule).nullable(),
      kprobes: z.array(listedKprobe).nullable(),
      hooks: z.array(listedHook).nullable(),
      /** Whether a link that `hooks` does not list is not there. */
      hooksComplete: z.boolean()
    })
  },
  /** Evidence is missing before this point: ring-buffer overruns, a collector's restart. `count` null = unknown. */
  'evidence.lost': {
    version: 1,
    data: z.strictObject({ count: int.nullable(), reason: z.string() })
  },
  /** A sysctl or a module's parameter got a value: `kernel.ftrace_enabled`, `MODULE.PARAM`. Proof: the write. */
  'setting.changed': { version: 1, data: z.strictObject({ name: z.string(), value: z.string() }) },
  /** A line of the kernel log, as a model predicts it. Observed lines are evidence of other events instead. */
  'kernel.printed': {
    version: 1,
    data: z.strictObject({ level: z.enum(['err', 'warn', 'notice', 'info', 'debug']), message: z.string() })
  },
  /** A command of user space ended. `errno` 0 is success, positive a refusal. Proof: a command journal, auditd. */
  'command.ran': {
    version: 1,
    data: z.strictObject({
      command: z.string(),
      operation: z.string().nullable(),
      target: z.string().nullable(),
      value: z.string().nullable(),
      errno: int.nullable(),
      startNs: int64Text,
      actor: actor.nullable()
    })
  },
  /** klp_module_coming() ran for the module: its code is in place, before its init. */
  'module.loaded': {
    version: 1,
    data: z.strictObject({ module: z.string(), livepatch: z.boolean().nullable(), actor: actor.nullable() })
  },
  /** klp_module_going() ran: the module's exit was called, patches on it are about to be reverted. */
  'module.going': {
    version: 1,
    data: z.strictObject({ module: z.string(), actor: actor.nullable() })
  },
  /** The module's memory is released. `refused`: its load failed. Proof: module:module_free, a failed finit_module. */
  'module.unloaded': {
    version: 1,
    data: z.strictObject({ module: z.string(), reason: z.enum(['removed', 'refused']) })
  }
} as const
