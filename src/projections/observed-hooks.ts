import type { EventData, HistoryEvent } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { freeKey } from './evolve-hook.ts'
import { kprobeDisarmed } from './stack.ts'
import { functionKey, type HookState, type KernelState } from './state.ts'

type Observed = Extract<HistoryEvent, { type: 'host.observed' }>

/** debugfs kprobes/list: which probes are [GONE]. Probes that carry no known program are not hooks. */
export function observeKprobes(
  state: KernelState,
  event: Observed,
  seen: NonNullable<EventData<'host.observed'>['kprobes']>,
  report: (text: string) => void,
  changes: Changes
): void {
  const ours = new Set(state.hooks.map((hook) => hook.address))
  state.otherKprobes ||= seen.some((kprobe) => !kprobe.gone && !ours.has(kprobe.address))
  for (const hook of state.hooks) {
    if (hook.kind !== 'kprobe' || hook.address === null) continue
    const listed = seen.filter((kprobe) => kprobe.address === hook.address)
    // Several probes may share an address, so only a verdict on all of them says something about one.
    if (listed.length === 0 || hook.goneNs !== null || !listed.every((kprobe) => kprobe.gone)) continue
    report(`the kprobe of ${hook.program} is [GONE] in kprobes/list, alive by the events`)
    hook.goneNs = event.uptimeNs
    changes.hooks = true
  }
  if (changes.hooks) kprobeDisarmed(state, changes)
}

/**
 * bpftool: programs that were attached before the evidence began, and those that are no longer there. Returns whether
 * the snapshot settles which are attached.
 */
export function observeHooks(
  state: KernelState,
  event: Observed,
  seen: readonly Listed[],
  report: (text: string) => void,
  changes: Changes
): boolean {
  const unmatched = new Set(state.hooks)
  for (const listed of seen) {
    const hook = state.hooks.find((candidate) => unmatched.has(candidate) && isListed(candidate, listed))
    if (hook !== undefined) {
      unmatched.delete(hook)
      hook.programId ??= listed.programId
      hook.linkId ??= listed.linkId
      hook.address ??= listed.address
      place(hook, listed, changes)
    } else if (listed.kind !== null && concernsLivepatch(state, listed)) {
      report(`${listed.program} is attached, and no event attached it`)
      state.hooks.push(adopted(freeKey(state.hooks, listed), listed.kind, listed, event))
      changes.hooks = true
    }
  }
  if (!event.data.hooksComplete) return false
  // Where nobody tells on which function a program is, nothing tells whether calls reach it.
  let settled = state.hooks.every((hook) => hook.function !== null)
  for (const hook of unmatched) {
    const isThere = hook.linkId === null ? isProbed(hook, event) : false
    settled &&= isThere !== null
    if (isThere !== false) continue
    report(`${hook.program} is not attached, and no event detached it`)
    state.hooks.splice(state.hooks.indexOf(hook), 1)
    changes.hooks = true
  }
  if (changes.hooks) kprobeDisarmed(state, changes)
  return settled
}

/** Where the program is attached, if no event told. */
function place(hook: HookState, listed: Listed, changes: Changes): void {
  if (hook.function !== null || listed.function === null) return
  hook.module = listed.module
  hook.function = listed.function
  changes.hooks = true
}

/**
 * bpftool link shows links only: an attachment through the perf ioctl is not missing when it is absent, but its kprobe
 * is listed as long as it lasts. Null: nothing tells.
 */
function isProbed({ kind, address }: HookState, { data: { kprobes } }: Observed): boolean | null {
  if (kprobes === null || kind !== 'kprobe' || address === null) return null
  return kprobes.some((kprobe) => kprobe.address === address)
}

type Listed = NonNullable<EventData<'host.observed'>['hooks']>[number]

/** A machine has many programs that watch other things; only those on livepatched code are taken up. */
function concernsLivepatch(state: KernelState, { module, function: name }: Listed): boolean {
  if (module !== null && state.modules.get(module)?.livepatch === true) return true
  return name !== null && state.stacks.has(functionKey(module ?? 'vmlinux', name, 1))
}

function isListed(hook: HookState, listed: Listed): boolean {
  if (hook.linkId !== null && listed.linkId !== null) return hook.linkId === listed.linkId
  if (hook.programId !== null && listed.programId !== null) return hook.programId === listed.programId
  return (
    hook.program === listed.program ||
    (listed.program.length === 15 && hook.program.startsWith(listed.program))
  )
}

function adopted(key: string, kind: NonNullable<Listed['kind']>, listed: Listed, event: Observed): HookState {
  return {
    key,
    program: listed.program,
    programId: listed.programId,
    linkId: listed.linkId,
    kind,
    module: listed.module,
    function: listed.function,
    address: listed.address,
    overrides: null,
    overrideValue: null,
    filter: null,
    sinceNs: event.uptimeNs,
    sincePosition: event.position,
    goneNs: null
  }
}
