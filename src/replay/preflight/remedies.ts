import type { ModuleSpec, Operation, PatchSpec, World } from '../../kernel/index.ts'
import { functionKey, type KernelState, type PatchState } from '../../projections/index.ts'
import type { Assessment } from './assess.ts'
import { conflictsOf, shortKey } from './refusal.ts'

/** Something to do instead: another build of the patch, or something to do before it is enabled. */
export interface Remedy {
  readonly says: string
  readonly spec: ModuleSpec
  readonly before: readonly Operation[]
}

/**
 * All that might help, what takes least first. Whether it does, the model has to say: most help on some hosts only,
 * and some bring a risk of their own.
 */
export function remediesFor(state: KernelState, spec: ModuleSpec, world: World, found: Assessment): Remedy[] {
  const { patch } = spec
  if (patch === null) return []
  const rebuilt = (says: string, change: Partial<PatchSpec>): Remedy => ({
    says,
    spec: { ...spec, patch: { ...patch, ...change } },
    before: []
  })
  const first = (says: string, ...before: Operation[]): Remedy => ({ says, spec, before })
  return [
    ...states(state, spec, patch, world, rebuilt),
    ...functionsLeftOut(state, spec, patch, world, found, rebuilt),
    ...flags(state, spec, patch, world, rebuilt, first),
    ...disables(state, spec, first)
  ]
}

type Rebuilt = (says: string, change: Partial<PatchSpec>) => Remedy
type First = (says: string, ...before: Operation[]) => Remedy

/** States that replaced patches have are carried on; those of another set are not touched. */
function states(
  state: KernelState,
  spec: ModuleSpec,
  patch: PatchSpec,
  world: World,
  rebuilt: Rebuilt
): Remedy[] {
  const conflicts = conflictsOf(state, spec, world)
  const dropped = conflicts.flatMap((one) => one.dropped)
  const shared = new Set(conflicts.flatMap((one) => one.sharedStates))
  const remedies: Remedy[] = []
  if (dropped.length > 0) {
    const kept = patch.states.filter(({ id }) => !dropped.some((one) => one.id === id))
    const needed = dropped.map(({ id, version }) => `${id} in version ${version} or newer`)
    remedies.push(
      rebuilt(`have ${spec.name} carry on state ${[...new Set(needed)].join(', state ')}`, {
        states: [...kept, ...dropped]
      })
    )
  }
  if (shared.size > 0) {
    remedies.push(
      rebuilt(`give ${spec.name} state ids of its own, other than ${[...shared].join(', ')}`, {
        states: patch.states.filter(({ id }) => !shared.has(id))
      })
    )
  }
  return remedies
}

/** What the patch shares with a hook, or with another set. */
function functionsLeftOut(
  state: KernelState,
  spec: ModuleSpec,
  patch: PatchSpec,
  world: World,
  found: Assessment,
  rebuilt: Rebuilt
): Remedy[] {
  const own = new Set(
    patch.objects.flatMap(({ name, functions }) =>
      functions.map((func) => functionKey(name, func.old, func.sympos))
    )
  )
  const shared = new Set([
    ...found.hooks.flatMap((hook) => hook.functions),
    ...conflictsOf(state, spec, world).flatMap((one) => one.sharedFunctions)
  ])
  const out = [...shared].filter((key) => own.has(key))
  if (out.length === 0 || out.length === own.size) return []
  const objects = patch.objects.map((object) => ({
    ...object,
    functions: object.functions.filter(
      (func) => !out.includes(functionKey(object.name, func.old, func.sympos))
    )
  }))
  return [rebuilt(`leave ${out.map(shortKey).join(', ')} out of ${spec.name}`, { objects })]
}

/** What the policy's own flags can do. */
function flags(
  state: KernelState,
  spec: ModuleSpec,
  patch: PatchSpec,
  { rules }: World,
  rebuilt: Rebuilt,
  first: First
): Remedy[] {
  const listed = state.patches.filter((one) => !one.offList)
  const remedies: Remedy[] = []
  if (rules.flag === 'replaceable') {
    for (const { name, replaceable } of listed) {
      if (replaceable === false) continue
      remedies.push(
        first(`make ${name} not replaceable first (echo 0 > /sys/kernel/livepatch/${name}/replaceable)`, {
          op: 'write-replaceable',
          patch: name,
          value: '0'
        })
      )
    }
  }
  if (rules.flag === 'replace_set') {
    const sets = new Set(listed.map((one) => one.replaceSet ?? 0))
    let free = 0
    while (sets.has(free)) free += 1
    for (const set of [...sets, free]) {
      if (set === patch.replaceSet) continue
      const what =
        set === free ? 'a replace set of its own' : `the replace set ${set} of ${ofSet(listed, set)}`
      remedies.push(rebuilt(`give ${spec.name} ${what}`, { replaceSet: set }))
    }
  } else if (patch.replace !== false) {
    remedies.push(rebuilt(`build ${spec.name} without replace`, { replace: false }))
  }
  return remedies
}

function ofSet(patches: readonly PatchState[], set: number): string {
  return patches
    .filter((one) => (one.replaceSet ?? 0) === set)
    .map((one) => one.name)
    .join(', ')
}

/** What is in the way, or lies below a nop, goes first. */
function disables(state: KernelState, spec: ModuleSpec, first: First): Remedy[] {
  const { transition } = state
  if (state.modules.has(spec.name)) {
    const enabled = state.patches.some(({ name, enabled: on }) => name === spec.name && on)
    const says = enabled ? `disable the ${spec.name} that is there and remove` : 'remove'
    return [
      first(
        `${says} its module first (rmmod ${spec.name})`,
        { op: 'write-enabled', patch: spec.name, value: '0' },
        { op: 'rmmod', module: spec.name }
      )
    ]
  }
  return state.patches
    .filter(({ enabled, offList, name }) => enabled && !offList && name !== transition?.patch)
    .map(({ name }) =>
      first(`disable ${name} first (echo 0 > /sys/kernel/livepatch/${name}/enabled)`, {
        op: 'write-enabled',
        patch: name,
        value: '0'
      })
    )
}
