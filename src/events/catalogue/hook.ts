import { z } from 'zod'
import { actor, hookKind, int, int64Text } from './shapes.ts'

/** Events of BPF programs that hang on functions. */
export const hookEvents = {
  /**
   * A BPF program is attached and will be called. `module` null is vmlinux; `address` is the probe's own,
   * behind ENDBR where there is one. `overrides`: it may call bpf_override_return(); `overrideValue` and
   * `filter` (say, a cgroup id) are what its loader was told. Proof: perf_event_set_bpf_prog returned 0,
   * bpf_link_settle, bpf_trampoline_link_prog, the loader's own mark, bpftool.
   */
  'hook.attached': {
    version: 1,
    data: z.strictObject({
      program: z.string(),
      programId: int.nullable(),
      linkId: int.nullable(),
      kind: hookKind,
      module: z.string().nullable(),
      function: z.string().nullable(),
      address: z.string().nullable(),
      overrides: z.boolean().nullable(),
      overrideValue: int64Text.nullable(),
      filter: z.string().nullable(),
      actor: actor.nullable()
    })
  },
  /** An attach was refused. `errno` is positive. Proof: a negative return of the functions above. */
  'hook.rejected': {
    version: 1,
    data: z.strictObject({
      program: z.string(),
      kind: hookKind,
      module: z.string().nullable(),
      function: z.string().nullable(),
      errno: int,
      actor: actor.nullable()
    })
  },
  /** The program is no longer called. Proof: perf_event_free_bpf_prog, bpf_link_free, the program's last put. */
  'hook.detached': {
    version: 1,
    data: z.strictObject({
      program: z.string(),
      programId: int.nullable(),
      linkId: int.nullable(),
      actor: actor.nullable()
    })
  },
  /** kill_kprobe(): the probed module went; every kprobe at the address is [GONE] for good. Proof: its probe. */
  'hook.killed': {
    version: 1,
    data: z.strictObject({ address: z.string(), symbol: z.string().nullable() })
  },
  /** A reading of a program's counters. Proof: bpftool's run_cnt, the loader's own counters. */
  'hook.counted': {
    version: 1,
    data: z.strictObject({
      program: z.string(),
      programId: int.nullable(),
      hits: int64Text,
      overrides: int64Text.nullable()
    })
  }
} as const
