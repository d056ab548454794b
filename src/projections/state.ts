import type { Goal, HookKind, Policy } from '../events/index.ts'

/** A struct klp_func on a patch: `object:name,sympos` is its key, `nop` marks what klp_add_nops() made. */
export interface FuncState {
  readonly name: string
  readonly sympos: number
  readonly newName: string | null
  readonly nop: boolean
}

/** A struct klp_object on a patch. `dynamic`: it exists only for nops. */
export interface ObjectState {
  readonly name: string
  patched: boolean
  readonly dynamic: boolean
  functions: FuncState[]
  /** pre_patch succeeded, so post_unpatch is due when the object is unpatched (callbacks.post_unpatch_enabled). */
  postUnpatchDue: boolean
}

/** A struct klp_patch on klp_patches, from klp_enable_patch() to the free work. */
export interface PatchState {
  readonly name: string
  replace: boolean | null
  replaceable: boolean | null
  replaceSet: number | null
  enabled: boolean
  /** Pinned by a forced transition: its module reference is never dropped. */
  forced: boolean
  /** The patch whose completion unpatched this one, while the free work is still to come. */
  replacedBy: string | null
  /** Off klp_patches since its completion, waiting for the free work (klp_free_patch_async()). */
  offList: boolean
  objects: ObjectState[]
  /** False until a manifest or sysfs told what the patch changes. */
  objectsKnown: boolean
  readonly states: readonly { readonly id: number; readonly version: number }[]
  readonly sinceNs: bigint
  readonly sincePosition: number
}

/** A task that a transition is waiting for. */
export interface BlockedTask {
  readonly comm: string
  readonly reason: string
  readonly function: string | null
  readonly sinceNs: bigint
  readonly tries: number
}

/** The transition under way: klp_transition_patch with klp_target_state. */
export interface TransitionState {
  readonly patch: string
  goal: Goal
  /** False between klp_init_transition() and klp_start_transition(). */
  started: boolean
  readonly sinceNs: bigint
  readonly sincePosition: number
  /** Tasks that reached the goal, and when; the key is `taskKey`. A reverse tells it anew. */
  switched: Map<number, bigint>
  /** Not null after a reverse: the tasks that have to go back, all others being at the new goal already. */
  behind: Set<number> | null
  blocked: Map<number, BlockedTask>
  /** Since when some task is at the goal. */
  firstSwitchNs: bigint | null
  forcedNs: bigint | null
  signaledNs: bigint | null
  /** How often klp_try_complete_transition() ran since the start. */
  tries: number
  /** Why it is not sure who switched: evidence was missing at some time in it. No snapshot tells that afterwards. */
  unsure: string | null
}

/** A thread, where the history tells of threads. Its patch state follows from the transition. */
export interface TaskState {
  readonly pid: number
  readonly comm: string
  /** Function versions on its stack, innermost last. */
  readonly frames: { readonly function: string; readonly version: string }[]
}

/** An entry of a func_stack; index 0 of a stack is the top. */
export interface StackEntry {
  readonly patch: string
  readonly newName: string | null
  readonly nop: boolean
}

export interface ModuleState {
  livepatch: boolean | null
  state: 'coming' | 'live' | 'going'
  /** As last read from /proc/modules. */
  refs: number | null
  /** A forced transition pinned it: its reference count never falls to 0 again. */
  pinned: boolean
}

/** A BPF program on a function, from attach to detach. */
export interface HookState {
  /** Unique while attached: the program with its place. */
  readonly key: string
  readonly program: string
  programId: number | null
  linkId: number | null
  readonly kind: HookKind
  module: string | null
  function: string | null
  address: string | null
  overrides: boolean | null
  readonly overrideValue: string | null
  readonly filter: string | null
  readonly sinceNs: bigint
  readonly sincePosition: number
  /** Its kprobe is [GONE] since then; nothing revives it. */
  goneNs: bigint | null
}

/** Why answers are not sure at the moment, and since when. */
export interface Doubt {
  readonly reason: string
  readonly sinceNs: bigint
  readonly sincePosition: number
}

/** What answers are about: a snapshot settles the parts that it read, and no other. */
export const doubtParts = ['patches', 'hooks', 'modules'] as const
export type DoubtPart = (typeof doubtParts)[number]

/** Where a snapshot and the history before it disagreed; the snapshot was believed. */
export interface Contradiction {
  readonly position: number
  readonly uptimeNs: bigint
  readonly text: string
}

/**
 * All that the history of one boot says about livepatches and hooks at one moment. Mutable: only `evolve`
 * changes it. Maps keep insertion order, so that equal histories give equal states, byte for byte.
 */
export interface KernelState {
  policy: Policy | null
  release: string | null
  /** Whether sysfs has `stack_order` here; null while nothing told. */
  hasStackOrder: boolean | null
  position: number
  uptimeNs: bigint
  /** When patches, stacks, modules or hooks last changed: a snapshot read across it proves nothing. */
  changedNs: bigint
  /** klp_patches, in list order. */
  patches: PatchState[]
  transition: TransitionState | null
  /** func_stacks by function key. A stack that becomes empty is removed. */
  stacks: Map<string, StackEntry[]>
  /** Function keys whose livepatch ftrace ops were registered before the system's first ftrace kprobe. */
  livepatchFirst: Set<string>
  /** Whether kprobes that are no hooks (a tracer's own) are armed, and so kprobe_ftrace_ops is registered. */
  otherKprobes: boolean
  modules: Map<string, ModuleState>
  hooks: HookState[]
  /** Threads, as far as the history tells of them. */
  tasks: Map<number, TaskState>
  /** sysctls and module parameters that were set. */
  settings: Map<string, string>
  /** What bugs of the kernel have left wrong in memory, as `KIND SUBJECT`; absent where nothing is. */
  damages?: Set<string>
  /** By part; `patches` is all that sysfs shows, and the stacks and the transition that follow from it. */
  doubt: Record<DoubtPart, Doubt | null>
  /** Whether any evidence has told of hooks: where none does, no snapshot can be asked for them. */
  hooksTold: boolean
  contradictions: Contradiction[]
  /** Events that came later than their time: kept as evidence, not folded in. */
  lateEvents: number
}

/** The state of a machine that has just booted. */
export function emptyState(): KernelState {
  return {
    policy: null,
    release: null,
    hasStackOrder: null,
    position: 0,
    uptimeNs: 0n,
    changedNs: 0n,
    patches: [],
    transition: null,
    stacks: new Map(),
    livepatchFirst: new Set(),
    otherKprobes: false,
    modules: new Map(),
    hooks: [],
    tasks: new Map(),
    settings: new Map(),
    doubt: { patches: null, hooks: null, modules: null },
    hooksTold: false,
    contradictions: [],
    lateEvents: 0
  }
}

/** A function's name across patches: sympos 0 and 1 both mean the first of that name (klp_func's same()). */
export function functionKey(object: string, name: string, sympos: number): string {
  return `${object}:${name},${Math.max(1, sympos)}`
}

/** A task's key: its pid, or below zero the idle task of a CPU, since all of those have pid 0. */
export function taskKey(pid: number, comm: string): number {
  if (pid !== 0) return pid
  const cpu = comm.startsWith('swapper/') ? Number(comm.slice(8)) : 0
  return Number.isSafeInteger(cpu) ? -1 - cpu : -1
}

/** A patch on the list by its name. */
export function findPatch(state: KernelState, name: string): PatchState | undefined {
  return state.patches.find((patch) => patch.name === name)
}
