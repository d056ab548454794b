import { inTransition, ORIGINAL, type Version, versionAt } from './stack.ts'
import { findPatch, functionKey, type HookState, type KernelState, type PatchState } from './state.ts'

/** Where a hook stands: what its owner's entry in the function's stack says (C.4 of the semantics). */
export type HookStatus = 'active' | 'partial' | 'shadowed' | 'stale' | 'gone'

/** Which tasks' calls reach the hook: relative to the transition under way, `switched` or `unswitched` ones. */
export type Reach = 'all' | 'none' | 'switched' | 'unswitched'

export interface HookView {
  readonly status: HookStatus
  readonly reach: Reach
  /** Why not all calls reach it; null when they do. */
  readonly reason: string | null
  /** The functions (as keys) whose calls the hook is there for. */
  readonly functions: readonly string[]
}

/** The status, reach and reason of one attached program at this moment. */
export function hookView(state: KernelState, hook: HookState): HookView {
  const functions = hookedFunctions(state, hook)
  if (hook.goneNs !== null) {
    return {
      status: 'gone',
      reach: 'none',
      reason: `${hook.module} was unloaded: its kprobe is [GONE]`,
      functions
    }
  }
  if (!isOnReplacement(state, hook)) return originalView(state, hook, functions)
  const patch = findPatch(state, hook.module ?? '')
  if (patch === undefined)
    return { status: 'stale', reach: 'none', reason: `${hook.module} is no longer enabled`, functions }
  let best: HookView = staleView(patch, functions)
  for (const key of functions) {
    const view = { ...replacementView(state, patch, key), functions }
    if (rank[view.status] > rank[best.status]) best = view
  }
  return best
}

const rank: Readonly<Record<HookStatus, number>> = { gone: 0, stale: 1, shadowed: 2, partial: 3, active: 4 }

/** A hook on a function of a livepatch module, where a call arrives only through the redirection. */
function isOnReplacement(state: KernelState, hook: HookState): boolean {
  if (hook.module === null) return false
  return findPatch(state, hook.module) !== undefined || state.modules.get(hook.module)?.livepatch === true
}

/**
 * The patched functions that a hook concerns; on a replacement of unknown name, all that the patch changes. A
 * probe that is gone concerns none.
 */
function hookedFunctions(state: KernelState, hook: HookState): string[] {
  if (hook.goneNs !== null) return []
  if (!isOnReplacement(state, hook)) {
    return hook.function === null ? [] : [functionKey(hook.module ?? 'vmlinux', hook.function, 1)]
  }
  const own: string[] = []
  const named: string[] = []
  for (const object of findPatch(state, hook.module ?? '')?.objects ?? []) {
    for (const func of object.functions) {
      if (func.nop) continue
      const key = functionKey(object.name, func.name, func.sympos)
      own.push(key)
      if (func.newName !== null && func.newName === hook.function) named.push(key)
    }
  }
  return named.length > 0 ? named : own
}

/** Whether a call that runs this version of the function meets the hook. */
export function meetsHook(state: KernelState, hook: HookState, key: string, version: Version): boolean {
  if (hook.goneNs !== null) return false
  if (isOnReplacement(state, hook))
    return version === hook.module && hookedFunctions(state, hook).includes(key)
  return hookedFunctions(state, hook).includes(key) && !isOverrideLost(state, hook, key)
}

/** The program that such a call reaches: one that overrides before one that only looks on, older first. */
export function hookMet(state: KernelState, key: string, version: Version): string | null {
  let met: HookState | null = null
  for (const hook of state.hooks) {
    if (!meetsHook(state, hook, key, version)) continue
    if (met === null || (hook.overrides === true && met.overrides !== true)) met = hook
  }
  return met?.program ?? null
}

/** Both handlers write the instruction pointer; the ops registered first runs last and wins (C.2). */
function isOverrideLost(state: KernelState, hook: HookState, key: string): boolean {
  return hook.kind === 'kprobe' && hook.overrides === true && state.livepatchFirst.has(key)
}

function originalView(state: KernelState, hook: HookState, functions: string[]): HookView {
  const lost = functions.find((key) => isOverrideLost(state, hook, key))
  if (lost === undefined) return { status: 'active', reach: 'all', reason: null, functions }
  const owner = state.stacks.get(lost)?.[0]?.patch ?? 'a livepatch'
  const reason = `the override is lost: ${owner}'s ftrace ops are older than the first kprobe's`
  return { status: 'shadowed', reach: 'none', reason, functions }
}

function staleView(patch: PatchState, functions: string[]): HookView {
  if (patch.replacedBy !== null) {
    return { status: 'stale', reach: 'none', reason: `${patch.replacedBy} replaced ${patch.name}`, functions }
  }
  const reason = patch.enabled ? `${patch.name} has not patched the function` : `${patch.name} is disabled`
  return { status: 'stale', reach: 'none', reason, functions }
}

function replacementView(state: KernelState, patch: PatchState, key: string): Omit<HookView, 'functions'> {
  const stack = state.stacks.get(key) ?? []
  const depth = stack.findIndex((entry) => entry.patch === patch.name)
  if (depth < 0) return staleView(patch, [])
  const unpatched = versionAt(state, key, 0) === patch.name
  const patched = versionAt(state, key, 1) === patch.name
  const towards = state.transition?.goal === 'patched'
  const reach: Reach =
    unpatched && patched
      ? 'all'
      : unpatched || patched
        ? patched === towards
          ? 'switched'
          : 'unswitched'
        : 'none'
  if (depth === 0) {
    if (!inTransition(state, key)) return { status: 'active', reach: 'all', reason: null }
    const direction = towards ? 'being enabled' : 'being disabled'
    return { status: 'partial', reach, reason: `${patch.name} is ${direction}` }
  }
  const over = stack[0]
  const reason =
    over?.nop === true
      ? `a nop of ${over.patch} lies over ${patch.name}: calls run the ${ORIGINAL} function`
      : `${over?.patch}'s version lies over ${patch.name}'s`
  return { status: 'shadowed', reach, reason }
}
