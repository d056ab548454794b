import type { SysfsPatch } from '../events/index.ts'

/** The task that the evidence names: comm as printed, pid as the kernel's thread id. */
export interface TaskRef {
  readonly pid: number
  readonly comm: string
}

/**
 * The clock that a time was read from. `monotonic`: CLOCK_MONOTONIC (ftrace mono clock, bpftrace nsecs).
 * `printk`: the kernel log's own clock, a few ms beside it. `realtime`: ns since the epoch.
 */
export type Clock = 'monotonic' | 'printk' | 'realtime'

/** One thing that a piece of evidence states, before anyone says what it means. */
export type Observation =
  /** A kprobe (`returns` false) or kretprobe on the kernel function `fn`; `args` as its definition names them. */
  | {
      readonly kind: 'probe'
      readonly fn: string
      readonly returns: boolean
      readonly args: Readonly<Record<string, string>>
      readonly task: TaskRef | null
    }
  /** A module tracepoint. */
  | {
      readonly kind: 'module'
      readonly what: 'load' | 'free'
      readonly module: string
      readonly livepatch: boolean | null
      readonly task: TaskRef | null
    }
  /** A system call's exit (`ret` in two's complement decoded) or entry (`ret` null). */
  | {
      readonly kind: 'syscall'
      readonly name: string
      readonly ret: number | null
      readonly task: TaskRef | null
    }
  /** A line of the kernel log, without time and caller prefix, with its `livepatch: ` prefix. */
  | { readonly kind: 'printk'; readonly message: string }
  /** A line that user space wrote to trace_marker. */
  | { readonly kind: 'mark'; readonly text: string; readonly task: TaskRef | null }
  /**
   * Records were lost, `count` null = nobody knows how many: behind `fromNs` and before `untilNs` (same clock).
   * Without them the reading's time is all that is known; `untilNs` null: what follows cannot be relied on either.
   */
  | {
      readonly kind: 'lost'
      readonly count: number | null
      readonly reason: string
      readonly fromNs?: bigint
      readonly untilNs?: bigint | null
    }
  /** A snapshot read between `fromNs` (same clock) and the reading's time; a part is null when it was not read. */
  | {
      readonly kind: 'snapshot'
      readonly fromNs: bigint
      readonly label: string | null
      readonly patches: readonly SysfsDirectory[] | null
      readonly modules: readonly { name: string; refs: number | null; state: string | null }[] | null
      readonly kprobes:
        | readonly {
            address: string
            symbol: string | null
            module: string | null
            gone: boolean
          }[]
        | null
      readonly programs: readonly BpfProgram[] | null
      readonly links: readonly BpfLink[] | null
    }
  /** A command of user space that ran from `fromNs` to the reading's time. */
  | {
      readonly kind: 'command'
      readonly fromNs: bigint
      readonly command: string
      /** What its author called it. */
      readonly what: string | null
      readonly operation: string | null
      readonly target: string | null
      readonly value: string | null
      readonly errno: number | null
      readonly task: TaskRef | null
    }
  /** A step of a BPF loader: load, attach, detach, refused ones with errno, or a reading of counters. */
  | {
      readonly kind: 'bpf'
      readonly step: 'load' | 'attach' | 'detach' | 'counters'
      readonly program: string
      /** The loader's own word for the kind: `kprobe`, `multi`, `fentry:…`, `kprobe-ioctl`. */
      readonly attachKind: string | null
      /** `module:function` or `function`. */
      readonly symbol: string | null
      readonly address: string | null
      readonly errno: number
      readonly hits: bigint | null
      readonly overrides: bigint | null
      readonly task: TaskRef | null
    }
  /** auditd's word on a BPF program or a module: who did it. */
  | {
      readonly kind: 'audit'
      readonly record: 'bpf-load' | 'bpf-unload' | 'module-load' | 'module-unload' | 'syscall'
      readonly serial: string
      readonly programId: number | null
      readonly module: string | null
      readonly success: boolean | null
      readonly exit: number | null
      readonly task: TaskRef | null
      readonly uid: number | null
      readonly auid: number | null
      readonly exe: string | null
    }
  /** What a livepatch module patches: a manifest, or what sysfs shows of it in a quiet moment. */
  | { readonly kind: 'manifest'; readonly patch: PatchManifest }

/** A patch's directory in sysfs, which shows the names of the patched functions and not those of their replacements. */
export type SysfsDirectory = Omit<SysfsPatch, 'objects'> & {
  readonly objects: readonly {
    readonly name: string
    readonly patched: boolean | null
    readonly functions: readonly { readonly name: string; readonly sympos: number }[]
  }[]
}

/** What one livepatch module is made of; `null` means that the source does not say. */
export interface PatchManifest {
  readonly name: string
  /** False for a module that lacks MODULE_INFO(livepatch, "Y"). */
  readonly livepatch: boolean
  readonly replace: boolean | null
  readonly replaceable: boolean | null
  readonly replaceSet: number | null
  readonly objects: readonly {
    /** `vmlinux` or a module. */
    readonly name: string
    readonly functions: readonly { name: string; sympos: number; newName: string | null }[]
  }[]
  readonly states: readonly { id: number; version: number }[]
}

/** A loaded BPF program, as `bpftool prog` lists it. `name` is cut to 15 characters by the kernel. */
export interface BpfProgram {
  readonly id: number
  readonly name: string
  readonly type: string | null
  readonly runCnt: bigint | null
}

/** An attached BPF link or perf probe, as `bpftool link` and `bpftool perf` list it. */
export interface BpfLink {
  /** Null for what `bpftool perf` lists: an attachment without a link. */
  readonly id: number | null
  readonly programId: number
  readonly attachKind: string | null
  readonly symbol: string | null
  readonly address: string | null
}

/**
 * What became of one or more lines of evidence. Every line ends in exactly one reading: `lines` counts
 * them (a record may span several), `line` is the first one's number, `raw` their text.
 */
export type Reading = {
  readonly line: number
  readonly lines: number
  readonly raw: string
  /** The raw bytes were not UTF-8; `raw` holds them one character a byte. */
  readonly latin1?: boolean
} & (
  | {
      readonly outcome: 'observed'
      readonly timeNs: bigint
      readonly clock: Clock
      /** The same instant in another clock, where the line tells both (journald). */
      readonly wallNs?: bigint
      /** The boot that the line belongs to, where the line tells (journald). */
      readonly bootId?: string
      readonly host?: string
      /** Whose buffer the record comes from, where the line tells: within it no time goes back. */
      readonly cpu?: number
      readonly observations: readonly Observation[]
    }
  /** Facts without a time: a manifest. */
  | { readonly outcome: 'timeless'; readonly observations: readonly Observation[] }
  /** Understood, and not about livepatches, modules or hooks: headers, comments, other subsystems' lines. */
  | { readonly outcome: 'unrelated'; readonly about?: { release?: string; host?: string } }
  | { readonly outcome: 'rejected'; readonly reason: string }
)

/** Reads one kind of evidence line by line. It may hold lines back until a record is whole. */
export interface LineReader {
  /** `raw` comes without its line end; readings may be about earlier lines. */
  push(raw: string, line: number, latin1?: boolean): Reading[]
  /** The source ended in the middle of this line. A reader without an answer of its own is given it as a whole line. */
  cut?(raw: string, line: number, latin1?: boolean): Reading[]
  /** The source ended: whatever was held back. */
  end(): Reading[]
}

/** One kind of evidence. */
export interface EvidenceFormat {
  /** The name that `--format` takes. */
  readonly name: string
  readonly description: string
  /** How well the first lines of a source fit, 0 (not at all) to 1 (surely). */
  recognise(head: readonly string[], fileName: string): number
  open(): LineReader
}
