import type { ModuleSpec, Operation, PatchSpec, PolicyRules, World } from '../../kernel/index.ts'
import { functionKey } from '../../projections/index.ts'
import type { RecordedWorld } from './recorded-modules.ts'

/** What is otherwise than recorded. */
export interface Change {
  readonly rules: PolicyRules
  /** Modules in place of the recorded ones of the same name, or beside them. */
  readonly added: readonly AddedModule[]
  /** Modules that nobody loads. */
  readonly without: readonly string[]
}

/** A module that the recording does not have, or has otherwise. */
export interface AddedModule {
  readonly spec: ModuleSpec
  /** The module before whose first load this one is loaded; null: before anything else is done. */
  readonly loadedBefore: string | null
}

/** The world with the change, and what was assumed about it, in sentences. */
export interface OtherWorld {
  readonly world: World
  readonly assumed: readonly string[]
}

/**
 * The recorded modules under other rules. What one policy says with a flag the other says with another one, so a
 * patch keeps what it meant: where nothing tells, a patch is replaceable, as all are in mainline; one that is not
 * replaceable gets a replace set of its own; a patch of a set replaces where there are no sets.
 */
export function otherWorld(recorded: RecordedWorld, { rules, added, without }: Change): OtherWorld {
  const assumed: string[] = []
  const modules = new Map(recorded.world.modules)
  for (const { spec } of added) modules.set(spec.name, spec)
  for (const name of without) modules.delete(name)
  if (rules.name === recorded.world.rules.name) return { world: { ...recorded.world, modules }, assumed }
  const from = recorded.world.rules.flag
  const given = new Set(added.map(({ spec }) => spec.name))
  let sets = Math.max(0, ...[...modules.values()].map(({ patch }) => setOf(patch)))
  for (const [name, spec] of modules) {
    const { patch } = spec
    if (patch === null) continue
    const change: { -readonly [F in keyof PatchSpec]?: PatchSpec[F] } = {}
    const isTold = given.has(name) || !recorded.flagless.has(name)
    if (from === 'replace_set' && !given.has(name)) change.replace = true
    if (rules.flag === 'replaceable' && !isTold) {
      change.replaceable = true
      assumed.push(`nothing tells whether ${name} is replaceable: taken as replaceable, as mainline has it`)
    }
    if (rules.flag === 'replace_set' && isTold && !patch.replaceable && setOf(patch) === 0) {
      sets += 1
      change.replaceSet = sets
      assumed.push(`${name} is not replaceable: given the replace set ${sets} of its own`)
    }
    modules.set(name, { ...spec, patch: { ...patch, ...change } })
  }
  return { world: { ...recorded.world, rules, modules }, assumed }
}

function setOf(patch: PatchSpec | null): number {
  return typeof patch?.replaceSet === 'number' ? patch.replaceSet : 0
}

/**
 * Where a recorded attach goes: to the version of the same function, which may bear another name in the module as
 * it is now, or may be in one of the added modules when its own does not change the function any more.
 */
export function movedAttach(
  operation: Operation,
  recorded: World,
  other: World,
  added: readonly AddedModule[]
): Operation {
  if (operation.op !== 'attach') return operation
  const [module = '', name = ''] = operation.symbol.split(':')
  const place = placeOf(recorded.modules.get(module), name)
  if (place === null) return operation
  const owners = [other.modules.get(module), ...added.map(({ spec }) => other.modules.get(spec.name))]
  for (const owner of owners) {
    const version = versionOf(owner, place)
    if (owner !== undefined && version !== null) return { ...operation, symbol: `${owner.name}:${version}` }
  }
  return operation
}

/** The function, as a key, that a module's function is the new version of. */
function placeOf(spec: ModuleSpec | undefined, name: string): string | null {
  for (const object of spec?.patch?.objects ?? []) {
    const func = object.functions.find((one) => one.new === name)
    if (func !== undefined) return functionKey(object.name, func.old, func.sympos)
  }
  return null
}

function versionOf(spec: ModuleSpec | undefined, place: string): string | null {
  for (const object of spec?.patch?.objects ?? []) {
    const func = object.functions.find((one) => functionKey(object.name, one.old, one.sympos) === place)
    if (func !== undefined) return func.new
  }
  return null
}
