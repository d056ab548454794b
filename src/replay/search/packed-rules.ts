import { initPatchEarly, type ModuleSpec, type World } from '../../kernel/index.ts'
import { emptyState } from '../../projections/index.ts'
import { kindsMax, type PackedWorld, pairIndex, scopeIndex } from './packed-world.ts'

type Rules = Pick<
  PackedWorld,
  'hasFlag' | 'hasSets' | 'replaces' | 'sets' | 'stateIds' | 'flags' | 'compatible' | 'scope' | 'pins'
>

/** A policy's rules for these kinds of patches as tables: each entry is what the rule itself says. */
export function rulesAsTables(world: World, kinds: readonly ModuleSpec[]): Rules {
  const { rules } = world
  const view = { state: emptyState(), world }
  const patches = kinds.map((kind) => {
    if (kind.patch === null) throw new TypeError(`${kind.name} is no livepatch`)
    return initPatchEarly(view, kind, kind.patch)
  })
  const hasFlag = rules.flag === 'replaceable'
  const compatible = new Uint8Array(kindsMax * kindsMax)
  const scope = new Uint8Array(kindsMax * kindsMax * 2)
  const pins = new Uint8Array(kindsMax * kindsMax)
  patches.forEach((patch, kind) => {
    patches.forEach((one, other) => {
      // Two patches of a kind have two names.
      const old = { ...one, name: `${one.name}, the older` }
      compatible[pairIndex(kind, other)] = Number(rules.isCompatible(patch, old))
      pins[pairIndex(kind, other)] = Number(rules.isPinnedBy(patch, old))
      for (const flag of [0, 1]) {
        const flagged = hasFlag ? { ...old, replaceable: flag === 1 } : old
        scope[scopeIndex(kind, other, flag)] = Number(rules.inScope(patch, flagged))
      }
    })
  })
  const ids = [...new Set(patches.flatMap(({ states }) => states.map(({ id }) => id)))]
  return {
    hasFlag,
    hasSets: rules.flag === 'replace_set',
    replaces: Uint8Array.from(patches, (patch) => Number(rules.replaces(patch))),
    sets: Uint8Array.from(patches, ({ replaceSet }) => indexOf(patches, replaceSet)),
    stateIds: Uint32Array.from(patches, ({ states }) =>
      states.reduce((bits, { id }) => bits | (1 << ids.indexOf(id)), 0)
    ),
    flags: Uint8Array.from(patches, ({ replaceable }) => Number(replaceable === true)),
    compatible,
    scope,
    pins
  }
}

/** A set's number among the sets that occur. */
function indexOf(patches: readonly { readonly replaceSet: number | null }[], set: number | null): number {
  return [...new Set(patches.map(({ replaceSet }) => replaceSet))].indexOf(set)
}
