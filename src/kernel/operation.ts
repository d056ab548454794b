import type { HookKind } from '../events/index.ts'

/**
 * What a try finds of a task that is not asleep with a reliable stack; who is not named is. `self`: the task
 * switched itself before the try came to it.
 */
export type TaskConditions = ReadonlyMap<number, 'running' | 'unreliable-stack' | 'self'>

/** A step of an enable, or of a module's coming, that can fail: which, and where there are several, the how manieth. */
export interface FailingStep {
  /**
   * try_module_get(), klp_init_patch_early(), a directory of klp_init_patch(), the allocation of a nop, a pre_patch
   * callback, register_ftrace_function() for a function.
   */
  readonly step: 'module-reference' | 'early-init' | 'sysfs' | 'nop' | 'pre-patch' | 'ftrace'
  /** Counted from 1. */
  readonly nth: number
  /** Positive. */
  readonly errno: number
}

/**
 * Something that happens to a kernel: what user space asks for, what a task does, what the kernel's own
 * work gets to do. When it happens, and what tasks are doing then, a real kernel leaves open: it is input.
 */
export type Operation =
  | {
      readonly op: 'insmod'
      readonly module: string
      readonly params?: Readonly<Record<string, string>>
      readonly conditions?: TaskConditions
      /** Functions, as `object:function`, whose BPF trampoline another CPU is changing just then. */
      readonly busyTrampolines?: readonly string[]
      /** The step that fails, where one does. */
      readonly fail?: FailingStep
    }
  | { readonly op: 'rmmod'; readonly module: string }
  /** A write to /sys/kernel/livepatch/PATCH/enabled. */
  | {
      readonly op: 'write-enabled'
      readonly patch: string
      readonly value: string
      readonly conditions?: TaskConditions
    }
  /** A write to /sys/kernel/livepatch/PATCH/force. */
  | { readonly op: 'force'; readonly patch: string; readonly value: string }
  /** A write to /sys/kernel/livepatch/PATCH/replaceable (hybrid). */
  | { readonly op: 'write-replaceable'; readonly patch: string; readonly value: string }
  /** klp_transition_work_fn(): the periodic try. */
  | { readonly op: 'try'; readonly conditions?: TaskConditions }
  /** A task switches itself: kernel exit, signal handling, idle loop; inside a function only where it schedules. */
  | { readonly op: 'switch'; readonly task: number }
  /** klp_free_patch_work_fn() for one patch. */
  | { readonly op: 'free'; readonly patch: string }
  | { readonly op: 'start-task'; readonly pid: number; readonly comm: string; readonly parent?: number }
  | { readonly op: 'exit-task'; readonly task: number }
  /** A task calls a function, and is in it until it returns. */
  | { readonly op: 'call'; readonly task: number; readonly object: string; readonly function: string }
  | { readonly op: 'return'; readonly task: number }
  | {
      readonly op: 'attach'
      readonly program: string
      readonly kind: HookKind
      /** `module:function` or `function`. */
      readonly symbol: string
      readonly overrides: boolean
      readonly overrideValue?: string
      /** Which tasks the program is for, in its loader's words: a cgroup id. */
      readonly filter?: string
      readonly address?: string
    }
  | { readonly op: 'detach'; readonly program: string }
  | { readonly op: 'set-param'; readonly module: string; readonly param: string; readonly value: string }
  | { readonly op: 'sysctl'; readonly name: string; readonly value: string }
