import { hookView } from './hook-status.ts'
import { type PatchView, type StackView, stackView } from './stack-view.ts'
import type { HookState, KernelState } from './state.ts'

/** A value before and after. */
export interface Change<T> {
  readonly before: T
  readonly after: T
}

/** What differs between two moments of one stream: the second as seen from the first. */
export interface StateDiff {
  readonly patches: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    /** By field of `klplog stack`'s JSON; `since` (ns since boot) when the patch was enabled anew. */
    readonly changed: readonly {
      readonly name: string
      readonly fields: Readonly<Record<string, Change<unknown>>>
    }[]
  }
  /** Functions whose stack differs, top first; an empty stack is an unpatched function. */
  readonly functions: readonly ({ readonly function: string } & Change<readonly Entry[]>)[]
  readonly hooks: {
    readonly attached: readonly HookPlace[]
    readonly detached: readonly HookPlace[]
    readonly changed: readonly (HookPlace & {
      readonly status: Change<string>
      readonly reach: Change<string>
    })[]
  }
  readonly modules: { readonly loaded: readonly string[]; readonly unloaded: readonly string[] }
  /** The transition under way; null when it is the same one in the same state. */
  readonly transition: Change<TransitionView | null> | null
}

interface Entry {
  readonly patch: string
  readonly nop: boolean
}

interface HookPlace {
  readonly program: string
  readonly module: string | null
  readonly function: string | null
}

type TransitionView = NonNullable<StackView['transition']>

/** What differs between two states of one stream. */
export function diffStates(before: KernelState, after: KernelState): StateDiff {
  return {
    patches: diffPatches(before, after),
    functions: diffFunctions(before, after),
    hooks: diffHooks(before, after),
    modules: {
      loaded: [...after.modules.keys()].filter((name) => !before.modules.has(name)).sort(),
      unloaded: [...before.modules.keys()].filter((name) => !after.modules.has(name)).sort()
    },
    transition: diffTransition(before, after)
  }
}

/** Whether nothing differs. */
export function isSameState({ patches, functions, hooks, modules, transition }: StateDiff): boolean {
  const lists = [...Object.values(patches), functions, ...Object.values(hooks), ...Object.values(modules)]
  return transition === null && lists.every((list) => list.length === 0)
}

function diffPatches(before: KernelState, after: KernelState): StateDiff['patches'] {
  const old = patchesByName(before)
  const now = patchesByName(after)
  const changed: { name: string; fields: Record<string, Change<unknown>> }[] = []
  for (const [name, patch] of now) {
    const fields = changedFields(old.get(name) ?? patch, patch)
    if (Object.keys(fields).length > 0) changed.push({ name, fields })
  }
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed
  }
}

type DatedPatch = PatchView & { readonly since: string; readonly replacedBy: string | null }

function patchesByName(state: KernelState): Map<string, DatedPatch> {
  const views = stackView('', state).patches
  return new Map(
    state.patches.flatMap(({ name, sinceNs, replacedBy }, n): [string, DatedPatch][] => {
      const view = views[n]
      return view === undefined ? [] : [[name, { ...view, replacedBy, since: String(sinceNs) }]]
    })
  )
}

function changedFields(before: DatedPatch, after: DatedPatch): Record<string, Change<unknown>> {
  const fields: Record<string, Change<unknown>> = {}
  for (const field of Object.keys(after) as (keyof DatedPatch)[]) {
    const change = { before: before[field], after: after[field] }
    if (!isSame(change)) fields[field] = change
  }
  return fields
}

function diffFunctions(before: KernelState, after: KernelState): StateDiff['functions'] {
  const keys = [...new Set([...before.stacks.keys(), ...after.stacks.keys()])].sort()
  return keys
    .map((key) => ({ function: key, before: stackOf(before, key), after: stackOf(after, key) }))
    .filter((change) => !isSame(change))
}

function stackOf(state: KernelState, key: string): Entry[] {
  return (state.stacks.get(key) ?? []).map(({ patch, nop }) => ({ patch, nop }))
}

function diffHooks(before: KernelState, after: KernelState): StateDiff['hooks'] {
  const old = new Map(before.hooks.map((hook) => [identity(hook), hook]))
  const now = new Map(after.hooks.map((hook) => [identity(hook), hook]))
  const changed: StateDiff['hooks']['changed'][number][] = []
  for (const [key, hook] of now) {
    const earlier = old.get(key)
    if (earlier === undefined) continue
    const [was, is] = [hookView(before, earlier), hookView(after, hook)]
    const status = { before: was.status, after: is.status }
    const reach = { before: was.reach, after: is.reach }
    if (!isSame(status) || !isSame(reach)) changed.push({ ...placeOf(hook), status, reach })
  }
  return {
    attached: [...now].filter(([key]) => !old.has(key)).map(([, hook]) => placeOf(hook)),
    detached: [...old].filter(([key]) => !now.has(key)).map(([, hook]) => placeOf(hook)),
    changed
  }
}

/** An attachment, not a program: one that was detached and attached again is another. */
function identity({ key, sincePosition }: HookState): string {
  return `${sincePosition} ${key}`
}

function placeOf({ program, module, function: name }: HookState): HookPlace {
  return { program, module, function: name }
}

function diffTransition(before: KernelState, after: KernelState): StateDiff['transition'] {
  const change = {
    before: stackView('', before).transition,
    after: stackView('', after).transition
  }
  return isSame(change) ? null : change
}

/** Views hold nothing but what JSON keeps, in a fixed order. */
function isSame({ before, after }: Change<unknown>): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}
