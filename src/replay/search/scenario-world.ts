import type { Policy } from '../../events/index.ts'
import { isSyscallEntry, type ModuleSpec, type Operation, perform, type World } from '../../kernel/index.ts'
import { emptyState } from '../../projections/index.ts'
import { rulesOf, traitsOf } from '../scenario/run-scenario.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { operationsOf } from '../scenario/step-operations.ts'
import { rulesAsTables } from './packed-rules.ts'
import { limits } from './packed-state.ts'
import type { HookPlace, HookProgram, PackedWorld, WorldFunction } from './packed-world.ts'

/** Why a scenario is none that can be explored. */
export class NotExplorable extends Error {}

type Attach = Extract<Operation, { op: 'attach' }>

/**
 * A scenario's kernel with its livepatches, tasks and programs, in a closed world: what its steps did is left out,
 * what they could do in any order is looked at. Modules that are no livepatches are there from the beginning.
 */
export function scenarioWorld(scenario: Scenario, policy: Policy, callDepth: number): PackedWorld {
  const all = [...scenario.modules.values()]
  const targets = all.filter(({ patch }) => patch === null).map(({ name }) => name)
  const kinds = all.filter(({ patch, livepatch }) => patch !== null && livepatch)
  const functions = functionsOf(kinds, new Set(['vmlinux', ...targets]))
  refuse(scenario, kinds, functions)
  const world: World = {
    rules: rulesOf[policy],
    traits: traitsOf[scenario.kernel],
    modules: scenario.modules,
    symbolCounts: scenario.symbolCounts,
    isErrorInjectable: isSyscallEntry
  }
  const attaches = attachesOf(scenario, kinds, world)
  const names = [...new Set(attaches.map(({ program }) => program))]
  atMost('programs', names, limits.hooks)
  const hookPlaces = attaches.map((attach) => placeOf(attach, kinds, functions))
  return {
    ...rulesAsTables(world, kinds),
    world,
    targets,
    isOpen: false,
    patches: kinds.length,
    functions,
    tasks: scenario.tasks.length,
    hooks: names.length,
    callDepth,
    kinds,
    masks: Uint8Array.from(kinds, (kind) => maskOf(kind, functions)),
    bare: Uint8Array.from(kinds, (_, kind) => kind),
    hookPlaces,
    taskNames: scenario.tasks,
    programs: names.map((name) => programOf(attaches, name)),
    offers: names.map((name) => attaches.flatMap(({ program }, place) => (program === name ? [place] : []))),
    hookPins: Uint8Array.from(names, (name) => Number(programOf(attaches, name).kind !== 'kprobe'))
  }
}

/** Whatever a livepatch changes in something that is there. */
function functionsOf(kinds: readonly ModuleSpec[], there: ReadonlySet<string>): WorldFunction[] {
  const found = new Map<string, WorldFunction>()
  for (const { patch } of kinds) {
    for (const object of patch?.objects ?? []) {
      if (!there.has(object.name)) continue
      for (const { old, sympos } of object.functions) {
        const func = { object: object.name, name: old, sympos: Math.max(1, sympos) }
        found.set(JSON.stringify(func), func)
      }
    }
  }
  return [...found.values()]
}

function refuse(scenario: Scenario, kinds: readonly ModuleSpec[], functions: readonly WorldFunction[]): void {
  if (kinds.length === 0) throw new NotExplorable('it describes no livepatch')
  atMost(
    'livepatches',
    kinds.map(({ name }) => name),
    limits.patches
  )
  atMost(
    'patched functions',
    functions.map(({ name }) => name),
    limits.functions
  )
  atMost(
    'tasks',
    scenario.tasks.map(({ comm }) => comm),
    limits.tasks
  )
  if (scenario.symbolCounts.size > 0) throw new NotExplorable('it has symbols that are missing or ambiguous')
  for (const { name, patch, params, kprobe } of scenario.modules.values()) {
    const fails = patch?.prePatchReturns
    const failing = typeof fails === 'object' ? params[fails.param] : fails
    if (failing !== undefined && Number(failing) !== 0)
      throw new NotExplorable(`${name} has a callback that fails`)
    if (kprobe !== null) throw new NotExplorable(`${name} has a kprobe of its own`)
  }
}

function atMost(what: string, found: readonly string[], most: number): void {
  if (found.length <= most) return
  throw new NotExplorable(`it has ${found.length} ${what}, and the search has room for ${most}`)
}

/** The scenario's attaches to functions of its livepatches that the kernel takes, each once. */
function attachesOf(scenario: Scenario, kinds: readonly ModuleSpec[], world: World): Attach[] {
  const found = new Map<string, Attach>()
  for (const { spec } of scenario.steps) {
    if (spec.verb !== 'attach') continue
    for (const operation of operationsOf(spec, scenario.tasks)) {
      if (operation.op !== 'attach') continue
      const attach = { ...operation, symbol: qualified(operation.symbol, kinds) }
      if (kinds.some(({ name }) => attach.symbol.startsWith(`${name}:`)) && isTaken(attach, world))
        found.set(`${attach.program} ${attach.symbol}`, attach)
    }
  }
  return [...found.values()]
}

/** A bare name that only one livepatch has means that one's. */
function qualified(symbol: string, kinds: readonly ModuleSpec[]): string {
  if (symbol.includes(':')) return symbol
  const owners = kinds.filter((kind) => symbolsOf(kind).includes(symbol))
  return owners.length === 1 ? `${owners[0]?.name}:${symbol}` : symbol
}

function symbolsOf({ patch, functions }: ModuleSpec): string[] {
  return [...functions, ...(patch?.objects.flatMap((object) => object.functions.map((one) => one.new)) ?? [])]
}

/** Whether the kernel takes the program there once the module is loaded. */
function isTaken(attach: Attach, world: World): boolean {
  const state = { ...emptyState(), policy: world.rules.name }
  const module = attach.symbol.slice(0, attach.symbol.indexOf(':'))
  if (perform(state, { op: 'insmod', module }, world, 0n).ret !== 0) return false
  return perform(state, attach, world, 0n).ret === 0
}

/** A program on what is no replacement is there for every function of its patch. */
function placeOf(
  { symbol }: Attach,
  kinds: readonly ModuleSpec[],
  functions: readonly WorldFunction[]
): HookPlace {
  const colon = symbol.indexOf(':')
  const slot = kinds.findIndex((one) => one.name === symbol.slice(0, colon))
  const name = symbol.slice(colon + 1)
  const kind = kinds[slot] as ModuleSpec
  const own = maskOf(kind, functions, (replacement) => replacement === name)
  return { slot, mask: own === 0 ? maskOf(kind, functions) : own, symbol: name }
}

function maskOf(
  { patch }: ModuleSpec,
  functions: readonly WorldFunction[],
  which: (replacement: string) => boolean = () => true
): number {
  let mask = 0
  for (const object of patch?.objects ?? []) {
    for (const func of object.functions) {
      if (!which(func.new)) continue
      const at = functions.findIndex(
        (one) =>
          one.object === object.name && one.name === func.old && one.sympos === Math.max(1, func.sympos)
      )
      if (at >= 0) mask |= 1 << at
    }
  }
  return mask
}

function programOf(attaches: readonly Attach[], name: string): HookProgram {
  const { op: _op, symbol: _symbol, ...program } = attaches.find((one) => one.program === name) as Attach
  return program
}
