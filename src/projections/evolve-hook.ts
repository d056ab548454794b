import type { HistoryEvent } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { kprobeDisarmed } from './stack.ts'
import type { HookState, KernelState } from './state.ts'

type HookEvent = Extract<
  HistoryEvent,
  { type: 'hook.attached' | 'hook.detached' | 'hook.killed' | 'hook.counted' }
>

/** Attach, detach and the death of a probe: perf_event_set_bpf_prog(), bpf_link_free(), kill_kprobe(). */
export function evolveHook(state: KernelState, event: HookEvent, changes: Changes): void {
  if (event.type === 'hook.counted') {
    count(state, event.data, changes)
    return
  }
  changes.hooks = true
  state.hooksTold = true
  switch (event.type) {
    case 'hook.attached': {
      const { actor: _, ...place } = event.data
      const hook = {
        ...place,
        key: freeKey(state.hooks, place),
        sinceNs: event.uptimeNs,
        sincePosition: event.position,
        goneNs: null
      }
      state.hooks.push(hook)
      return
    }
    case 'hook.detached': {
      const at = state.hooks.findIndex((one) => isSame(one, event.data))
      if (at >= 0) state.hooks.splice(at, 1)
      kprobeDisarmed(state, changes)
      return
    }
    case 'hook.killed':
      for (const hook of state.hooks) {
        if (hook.kind !== 'kprobe' || hook.address !== event.data.address) continue
        hook.goneNs ??= event.uptimeNs
      }
      kprobeDisarmed(state, changes)
      return
  }
}

/** A program that has overridden something is one that overrides, whatever its loader did not say. */
function count(
  state: KernelState,
  counted: { program: string; overrides: string | null },
  changes: Changes
): void {
  if (counted.overrides === null || counted.overrides === '0') return
  for (const hook of state.hooks) {
    if (hook.program !== counted.program || hook.overrides !== null) continue
    hook.overrides = true
    changes.hooks = true
  }
}

/** Every kprobe in a module that goes is [GONE]; links of the other kinds pin the module instead. */
export function killProbesOf(state: KernelState, module: string, uptimeNs: bigint, changes: Changes): void {
  for (const hook of state.hooks) {
    if (hook.module !== module) continue
    // Of the others the module's end may tell that it was a livepatch no more.
    changes.hooks = true
    if (hook.kind !== 'kprobe' || hook.goneNs !== null) continue
    hook.goneNs = uptimeNs
  }
  if (changes.hooks) kprobeDisarmed(state, changes)
}

/** `program@place`, with a number behind it while another attachment has the same. */
export function freeKey(
  hooks: readonly HookState[],
  hook: { program: string; module: string | null; function: string | null; address: string | null }
): string {
  const key = `${hook.program}@${hook.module ?? 'vmlinux'}:${hook.function ?? hook.address ?? '?'}`
  let free = key
  for (let n = 2; hooks.some((other) => other.key === free); n += 1) free = `${key}#${n}`
  return free
}

/** Ids decide where both sides have them; the name decides else. */
function isSame(
  hook: HookState,
  other: { program: string; programId: number | null; linkId: number | null }
): boolean {
  if (hook.program !== other.program) return false
  if (hook.linkId !== null && other.linkId !== null) return hook.linkId === other.linkId
  return hook.programId === null || other.programId === null || hook.programId === other.programId
}
