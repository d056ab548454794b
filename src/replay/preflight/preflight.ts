import { decide, type ModuleSpec, type Operation, perform, type World } from '../../kernel/index.ts'
import { copyState, functionKey, type KernelState, unsureOf } from '../../projections/index.ts'
import { type Assessment, assess, type HookRisk, type InvariantRisk } from './assess.ts'
import { whyRefused } from './refusal.ts'
import { remediesFor } from './remedies.ts'

/** What enabling a patch on a host in this state would come to, and what to do instead. */
export interface Preflight {
  /** `present`: it is enabled there already, and there is nothing to do. */
  readonly verdict: 'fine' | 'at-risk' | 'refused' | 'present'
  readonly refused: { readonly errno: number; readonly why: string } | null
  readonly hooks: readonly HookRisk[]
  readonly invariants: readonly InvariantRisk[]
  /** Each helps by itself, as far as the model can tell; what takes least comes first. */
  readonly instead: readonly string[]
  /** Why the answer may be wrong: what nothing told. */
  readonly unsure: readonly string[]
}

/** Tries a rollout on the present state of a host; the state is left as it is. */
export function preflight(present: KernelState, spec: ModuleSpec, world: World): Preflight {
  const unsure = reasonsOf(present)
  if (isPresent(present, spec)) {
    return { verdict: 'present', refused: null, hooks: [], invariants: [], instead: [], unsure }
  }
  const now = assess(present, spec, world)
  // A transition under way only puts it off: what comes behind it counts as well.
  const waits = now.errno !== 0 && present.transition !== null
  const wait: readonly Operation[] = waits ? [{ op: 'try' }] : []
  const found = waits ? assess(present, spec, world, wait) : now
  const refusal = now.errno === 0 ? null : now
  const instead = [
    ...(waits && found.errno !== now.errno
      ? [`wait until the transition of ${present.transition?.patch} has completed`]
      : []),
    ...found.hooks.flatMap((hook) => ownVersion(present, spec, world, hook)),
    ...remediesFor(present, spec, world, found)
      .filter((one) => isBetter(assess(present, one.spec, world, [...wait, ...one.before]), found))
      .map(({ says }) => says)
  ]
  const atRisk = found.hooks.length > 0 || found.invariants.length > 0
  return {
    verdict: refusal !== null ? 'refused' : atRisk ? 'at-risk' : 'fine',
    refused:
      refusal === null ? null : { errno: refusal.errno, why: whyRefused(present, spec, world, refusal) },
    hooks: found.hooks,
    invariants: found.invariants,
    instead,
    unsure
  }
}

/** No risk that was not there before, and less of the worst: a refusal, then hooks, then invariants. */
function isBetter(other: Assessment, found: Assessment): boolean {
  const before = risksOf(found)
  for (const [risk, weight] of risksOf(other)) if (weight > (before.get(risk) ?? 0)) return false
  if (found.errno !== 0) return other.errno === 0
  const total = ({ hooks }: Assessment) => hooks.reduce((sum, { effect }) => sum + weightOf[effect], 0)
  if (found.hooks.length > 0) return total(other) < total(found)
  return other.invariants.length < found.invariants.length
}

const weightOf = { bypassed: 1, shadowed: 2, lost: 2 } as const

function risksOf({ errno, hooks, invariants }: Assessment): Map<string, number> {
  return new Map([
    ['refused', errno === 0 ? 0 : 1],
    ...hooks.map(({ program, module, function: name, effect }): [string, number] => [
      `${program} ${module} ${name}`,
      weightOf[effect]
    ]),
    ...invariants.map(({ invariant, subject }): [string, number] => [`${invariant} ${subject}`, 1])
  ])
}

/** The same patch, enabled or on its way, with the functions that the new one has. */
function isPresent(state: KernelState, { name, patch }: ModuleSpec): boolean {
  const there = state.patches.find((one) => one.name === name && one.enabled)
  if (there === undefined || patch === null) return false
  const keys = (objects: readonly { name: string; functions: readonly { key: string }[] }[]) =>
    objects
      .flatMap((object) => object.functions.map(({ key }) => key))
      .sort()
      .join(' ')
  const own = patch.objects.map((object) => ({
    name: object.name,
    functions: object.functions.map((func) => ({ key: functionKey(object.name, func.old, func.sympos) }))
  }))
  const theirs = there.objects.map((object) => ({
    name: object.name,
    functions: object.functions
      .filter((func) => !func.nop)
      .map((func) => ({ key: functionKey(object.name, func.name, func.sympos) }))
  }))
  return !there.objectsKnown || keys(own) === keys(theirs)
}

/** The program goes to the new patch's own version of its function, where it has one and the kernel lets it. */
function ownVersion(present: KernelState, spec: ModuleSpec, world: World, risk: HookRisk): string[] {
  const symbol = spec.patch?.objects
    .flatMap((object) =>
      object.functions
        .filter((func) => risk.functions.includes(functionKey(object.name, func.old, func.sympos)))
        .map((func) => `${spec.name}:${func.new}`)
    )
    .at(0)
  const hook = present.hooks.find((one) => one.program === risk.program)
  if (symbol === undefined || hook === undefined) return []
  const here: World = { ...world, modules: new Map([...world.modules, [spec.name, spec]]) }
  const loaded = copyState(present)
  perform(loaded, { op: 'try' }, here, loaded.uptimeNs)
  perform(loaded, { op: 'insmod', module: spec.name }, here, loaded.uptimeNs)
  const attach = {
    op: 'attach',
    program: risk.program,
    kind: hook.kind,
    symbol,
    overrides: hook.overrides === true
  } as const
  const { ret } = decide(loaded, attach, here, loaded.uptimeNs)
  const listed = ret === 0 ? '' : ', which has to be on the error-injection list for that'
  return [
    `attach ${risk.program} to ${symbol} before it is enabled${listed} ` +
      '(a tracefs kprobe event MODULE:SYMBOL is armed when the module comes)'
  ]
}

function reasonsOf(state: KernelState): string[] {
  const { patches, hooks, transition } = state
  const doubt = unsureOf(state, 'patches', 'hooks', 'modules')
  const unknown = patches.filter((patch) => !patch.offList && !patch.objectsKnown).map(({ name }) => name)
  const placeless = hooks.filter((hook) => hook.function === null).map(({ program }) => program)
  return [
    ...(doubt === null ? [] : [doubt]),
    ...(doubt === null && transition?.unsure != null ? [transition.unsure] : []),
    ...unknown.map((name) => `nothing tells what ${name} changes: no manifest, no sysfs`),
    ...placeless.map((program) => `nothing tells which function ${program} is on`)
  ]
}
