import { unsureOf } from './doubt.ts'
import { hookView } from './hook-status.ts'
import { viewAt } from './spans.ts'
import type { KernelState } from './state.ts'

/** The patch stack as `klplog stack -o json` gives it: klp_patches in list order, with what sysfs shows of each. */
export interface StackView {
  readonly stream: string
  readonly position: number
  readonly uptimeNs: string
  readonly policy: string | null
  readonly transition: {
    readonly patch: string
    readonly goal: string
    readonly sinceNs: string
    readonly switched: number
    readonly blocked: number
  } | null
  readonly patches: readonly PatchView[]
  readonly unsure: { readonly reason: string; readonly sinceNs: string } | null
}

export interface PatchView {
  readonly name: string
  readonly enabled: boolean
  readonly transition: boolean
  readonly replace: boolean | null
  /** Null where the kernel has no such attribute. */
  readonly replaceable: boolean | null
  readonly replaceSet: number | null
  /** 1 is the oldest; null where the kernel has no such attribute. */
  readonly stackOrder: number | null
  readonly forced: boolean
  readonly objects: readonly {
    readonly name: string
    readonly patched: boolean
    readonly functions: readonly { readonly name: string; readonly sympos: number; readonly nop: boolean }[]
  }[]
}

/** What a function's stack holds and what calls of it run. */
export interface FunctionView {
  readonly function: string
  readonly stack: readonly { readonly patch: string; readonly nop: boolean }[]
  readonly switched: { readonly version: string; readonly hook: string | null }
  readonly unswitched: { readonly version: string; readonly hook: string | null }
}

/** The patch stack of a state. */
export function stackView(stream: string, state: KernelState): StackView {
  const { transition } = state
  const doubt = state.doubt.patches ?? state.doubt.hooks
  return {
    stream,
    position: state.position,
    uptimeNs: String(state.uptimeNs),
    policy: state.policy,
    transition:
      transition === null
        ? null
        : {
            patch: transition.patch,
            goal: transition.goal,
            sinceNs: String(transition.sinceNs),
            switched: transition.switched.size,
            blocked: transition.blocked.size
          },
    patches: state.patches.map((patch, n) => ({
      name: patch.name,
      enabled: patch.enabled,
      transition: transition?.patch === patch.name,
      replace: patch.replace,
      replaceable: state.policy === 'hybrid' ? patch.replaceable : null,
      replaceSet: state.policy === 'replace-set' ? patch.replaceSet : null,
      stackOrder: state.hasStackOrder === true ? n + 1 : null,
      forced: patch.forced,
      objects: patch.objects.map(({ name, patched, functions }) => ({
        name,
        patched,
        functions: functions.map((func) => ({ name: func.name, sympos: func.sympos, nop: func.nop }))
      }))
    })),
    unsure: doubt === null ? null : { reason: doubt.reason, sinceNs: String(doubt.sinceNs) }
  }
}

/** The patched functions of a state, by key. */
export function functionViews(state: KernelState): FunctionView[] {
  return [...state.stacks.keys()].sort().map((key) => ({
    function: key,
    stack: (state.stacks.get(key) ?? []).map(({ patch, nop }) => ({ patch, nop })),
    switched: viewAt(state, key, true),
    unswitched: viewAt(state, key, false)
  }))
}

/** An attached program, as `klplog hooks -o json` gives it. */
export interface HookRow {
  readonly program: string
  readonly kind: string
  readonly module: string | null
  readonly function: string | null
  readonly address: string | null
  readonly status: string
  /** Uptime in ns since when the status holds, as far as the caller knows; else since the attach. */
  readonly since: string
  readonly overrides: boolean | null
  readonly reach: string
  readonly reason: string | null
  readonly unsure: string | null
}

/** The hook table of a state. `since` is the time of the attach; the spans know the status's own. */
export function hookRows(state: KernelState): HookRow[] {
  return state.hooks.map((hook) => {
    const view = hookView(state, hook)
    return {
      program: hook.program,
      kind: hook.kind,
      module: hook.module,
      function: hook.function,
      address: hook.address,
      status: view.status,
      since: String(hook.sinceNs),
      overrides: hook.overrides,
      reach: view.reach,
      reason: view.reason,
      unsure: unsureOf(state, 'patches', 'hooks')
    }
  })
}
