import { initPatchEarly, type ModuleSpec, type World } from '../../kernel/index.ts'
import { functionKey, type KernelState, type PatchState } from '../../projections/index.ts'
import type { Assessment } from './assess.ts'

/** Why a patch on the list does not get on with a new one. */
export interface Conflict {
  readonly patch: PatchState
  /** States of the old patch that the new one would have to carry on, and does not. */
  readonly dropped: PatchState['states']
  /** Ids of states that only one set may have. */
  readonly sharedStates: readonly number[]
  /** Functions, as keys, that only one set may change. */
  readonly sharedFunctions: readonly string[]
}

/** klp_is_patch_compatible(), with what stands in the way. */
export function conflictsOf(state: KernelState, spec: ModuleSpec, world: World): Conflict[] {
  if (spec.patch === null) return []
  const patch = initPatchEarly({ state, world }, spec, spec.patch)
  return state.patches
    .filter((old) => !old.offList && !world.rules.isCompatible(patch, old))
    .map((old) => {
      if (world.rules.flag === 'replace_set' && !world.rules.inScope(patch, old)) {
        const ids = new Set(patch.states.map(({ id }) => id))
        const own = new Set(keysOf(patch))
        return {
          patch: old,
          dropped: [],
          sharedStates: old.states.map(({ id }) => id).filter((id) => ids.has(id)),
          sharedFunctions: [...new Set(keysOf(old).filter((key) => own.has(key)))]
        }
      }
      const dropped = old.states.filter(
        ({ id, version }) => !patch.states.some((own) => own.id === id && own.version >= version)
      )
      return { patch: old, dropped, sharedStates: [], sharedFunctions: [] }
    })
}

/** The functions that a patch changes, as keys. */
function keysOf(patch: Pick<PatchState, 'objects'>): string[] {
  return patch.objects.flatMap((object) =>
    object.functions.map((func) => functionKey(object.name, func.name, func.sympos))
  )
}

/** Why the load is refused: the kernel's line where it has one, and what is behind it. */
export function whyRefused(
  state: KernelState,
  spec: ModuleSpec,
  world: World,
  { message }: Assessment
): string {
  if (state.modules.has(spec.name)) return loadedAlready(state, spec.name)
  const conflicts = conflictsOf(state, spec, world)
  if (conflicts.length > 0) {
    const reasons = conflicts.map((one) => conflictText(spec, one))
    return `${message ?? 'not compatible with the installed livepatches'} ${reasons.join('; ')}`
  }
  if (state.transition !== null) return `the transition of ${state.transition.patch} is under way`
  if (state.settings.get('kernel.ftrace_enabled') === '0') return 'kernel.ftrace_enabled is 0'
  return message ?? 'klp_enable_patch() refuses it without a word'
}

function loadedAlready(state: KernelState, name: string): string {
  const patch = state.patches.find((one) => one.name === name)
  const what =
    patch === undefined ? 'without an enabled patch' : patch.enabled ? 'and enabled' : 'and disabled'
  return `a module ${name} is loaded already, ${what}`
}

function conflictText(spec: ModuleSpec, { patch, dropped, sharedStates, sharedFunctions }: Conflict): string {
  const states = dropped.map(({ id, version }) => {
    const own = spec.patch?.states.find((one) => one.id === id)
    const mine = own === undefined ? 'lacks' : `has in version ${own.version}`
    return `${patch.name} has state ${id} in version ${version}, which ${spec.name} ${mine}`
  })
  const ids = sharedStates.map((id) => `${patch.name} of another set has state ${id} too`)
  const functions = sharedFunctions.map((key) => `${patch.name} of another set changes ${shortKey(key)} too`)
  return [...states, ...ids, ...functions].join('; ')
}

/** A function's key without the place that nearly every function has. */
export function shortKey(key: string): string {
  return key.replace(/^vmlinux:/, '').replace(/,1$/, '')
}
