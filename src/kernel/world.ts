import type { BugName } from './bugs.ts'
import type { ModuleSpec } from './module-spec.ts'
import type { PolicyRules } from './policy.ts'

/** Where kernel versions differ in what the model covers; names say what a kernel does. */
export interface KernelTraits {
  readonly release: string
  /** do_init_module() turns an init's -EEXIST into -EBUSY (7.2). */
  readonly initEexistIsEbusy: boolean
  /** __register_kprobe() returns 0 although arming failed (7.2.13). */
  readonly unarmedKprobeSucceeds: boolean
  /** sysfs has `stack_order` (6.14). */
  readonly hasStackOrder: boolean
  /** A symbol of vmlinux is taken though modules have one of the same name (7.2), else it is ambiguous. */
  readonly vmlinuxSymbolWins: boolean
  /** klp_have_reliable_stack(): without it no task is ever switched by a try. */
  readonly reliableStacks: boolean
  /** klp_init() could make /sys/kernel/livepatch when the kernel booted. */
  readonly klpInitialised: boolean
}

/** Linux 6.12, the kernel of the recordings. */
export const linux612: KernelTraits = {
  release: '6.12',
  initEexistIsEbusy: false,
  unarmedKprobeSucceeds: false,
  hasStackOrder: false,
  vmlinuxSymbolWins: false,
  reliableStacks: true,
  klpInitialised: true
}

/** Linux 7.2, the kernel of the selftests. */
export const linux72: KernelTraits = {
  release: '7.2',
  initEexistIsEbusy: true,
  unarmedKprobeSucceeds: true,
  hasStackOrder: true,
  vmlinuxSymbolWins: true,
  reliableStacks: true,
  klpInitialised: true
}

/** What stays the same while operations run: the kernel's rules, and what could be loaded into it. */
export interface World {
  readonly rules: PolicyRules
  readonly traits: KernelTraits
  readonly modules: ReadonlyMap<string, ModuleSpec>
  /** How often a symbol of vmlinux occurs in kallsyms; a name that is not listed occurs once. */
  readonly symbolCounts: ReadonlyMap<string, number>
  /** What this kernel does wrong; nothing where it is left out. */
  readonly bugs?: ReadonlySet<BugName>
  /** Whether a function of vmlinux is on the error-injection list. */
  isErrorInjectable(name: string): boolean
}

/** SYSCALL_DEFINE puts every system call's entry on the error-injection list. */
export function isSyscallEntry(name: string): boolean {
  return /^__(?:x64|ia32|arm64)_sys_/.test(name)
}
