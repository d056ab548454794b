import type { Policy } from '../../events/index.ts'
import { linux612, type ModuleSpec, plainModule, plainPatch, type World } from '../../kernel/index.ts'
import { rulesOf } from '../scenario/run-scenario.ts'
import { rulesAsTables } from './packed-rules.ts'
import { limits } from './packed-state.ts'
import { kindsMax, type PackedWorld } from './packed-world.ts'
import type { Renaming } from './symmetry.ts'

/** How big a small scope is. */
export interface ScopeSize {
  readonly policy: Policy
  /** Livepatch modules loaded at once. */
  readonly patches: number
  readonly functions: number
  readonly tasks: number
  readonly hooks: number
  readonly callDepth: number
}

/** What a kind of patch in a small scope is made of. */
interface Content {
  readonly mask: number
  readonly replace: boolean
  readonly set: number
  readonly hasState: boolean
}

const scopeFunctions = ['A', 'B', 'C', 'D'] as const
const stateOfScope = { id: 7, version: 1 }

/**
 * Every small world at once: modules of any content, loaded again and again, so many at once; programs on any
 * function of a module that is loaded; tasks that call any of the functions.
 */
export function smallScope(size: ScopeSize): { world: PackedWorld; renamings: readonly Renaming[] } {
  const { policy, patches, tasks, hooks, callDepth } = size
  const functions = scopeFunctions.slice(0, size.functions)
  const contents = contentsOf(policy, functions.length)
  const kinds = contents.map((content, n) => kindOf(content, n, functions))
  const world: World = {
    rules: rulesOf[policy],
    traits: linux612,
    modules: new Map(),
    symbolCounts: new Map(),
    isErrorInjectable: () => false
  }
  const hookPlaces = Array.from({ length: patches }, (_, slot) =>
    functions.map((name, func) => ({ slot, mask: 1 << func, symbol: name }))
  ).flat()
  const packed: PackedWorld = {
    ...rulesAsTables(world, kinds),
    world,
    targets: [],
    isOpen: true,
    patches,
    functions: functions.map((name) => ({ object: 'vmlinux', name, sympos: 1 })),
    tasks,
    hooks,
    callDepth,
    kinds,
    masks: Uint8Array.from(contents, ({ mask }) => mask),
    bare: Uint8Array.from(contents, ({ mask }) => contents.findIndex((one) => one.mask === mask)),
    hookPlaces,
    taskNames: Array.from({ length: tasks }, (_, n) => ({ pid: n + 1, comm: `task${n + 1}` })),
    programs: Array.from({ length: hooks }, (_, n) => ({
      program: `prog${n + 1}`,
      kind: 'kprobe',
      overrides: false
    })),
    offers: Array.from({ length: hooks }, () => hookPlaces.map((_, place) => place)),
    hookPins: new Uint8Array(limits.hooks)
  }
  return { world: packed, renamings: renamingsOf(policy, contents, functions.length) }
}

/** As many sets as may have a function each, where there is room for their kinds. */
function setsOf(functions: number): number {
  return Math.min(functions, Math.floor(kindsMax / (2 * (2 ** functions - 1))))
}

/** All that a patch may be: which functions it changes, whether it replaces, its set, whether it has a state. */
function contentsOf(policy: Policy, functions: number): Content[] {
  const contents: Content[] = []
  for (let mask = 1; mask < 1 << functions; mask += 1) {
    for (const hasState of [false, true]) {
      if (policy === 'replace-set') {
        for (let set = 0; set < setsOf(functions); set += 1)
          contents.push({ mask, replace: false, set, hasState })
      } else for (const replace of [false, true]) contents.push({ mask, replace, set: 0, hasState })
    }
  }
  return contents
}

function kindOf(
  { mask, replace, set, hasState }: Content,
  n: number,
  functions: readonly string[]
): ModuleSpec {
  const own = functions.filter((_, func) => (mask >> func) & 1)
  return {
    ...plainModule,
    name: `kind${n}`,
    livepatch: true,
    patch: {
      ...plainPatch,
      replace,
      replaceSet: set,
      states: hasState ? [stateOfScope] : [],
      objects: [
        {
          name: 'vmlinux',
          functions: own.map((old) => ({ old, new: old, sympos: 0 })),
          callbacks: []
        }
      ]
    }
  }
}

/** Functions have no meaning but which patches change them, and sets none but which are equal. */
function renamingsOf(policy: Policy, contents: readonly Content[], functions: number): Renaming[] {
  const orders = permutations(functions)
  const setOrders = policy === 'replace-set' ? permutations(setsOf(functions)) : [[0]]
  const maskOf = (mask: number, order: readonly number[]) =>
    order.reduce((renamed, to, func) => renamed | (((mask >> func) & 1) << to), 0)
  return orders.flatMap((order) =>
    setOrders.map((setOrder) => ({
      functions: Uint8Array.from(order),
      masks: Uint8Array.from({ length: 1 << functions }, (_, mask) => maskOf(mask, order)),
      kinds: Uint8Array.from(contents, (content) => {
        const mask = maskOf(content.mask, order)
        const set = setOrder[content.set] as number
        return contents.findIndex(
          (one) =>
            one.mask === mask &&
            one.set === set &&
            one.replace === content.replace &&
            one.hasState === content.hasState
        )
      })
    }))
  )
}

/** All orders of the numbers below n, the usual one first. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, n - 1 - at), n - 1, ...rest.slice(n - 1 - at)])
  )
}
