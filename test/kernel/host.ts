import type { Fact } from '../../src/events/index.ts'
import {
  type KernelTraits,
  linux612,
  type ModuleSpec,
  type ObjectSpec,
  type Operation,
  type PatchSpec,
  type PolicyRules,
  perform,
  plainModule,
  plainPatch,
  type World
} from '../../src/kernel/index.ts'
import { emptyState, encodeState, type KernelState, versionAt } from '../../src/projections/index.ts'

const allCallbacks = ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch'] as const

/** An object of a patch: functions by their names, each replaced by `PATCH_NAME`; all callbacks or none. */
export function object(
  name: string,
  functions: readonly string[],
  options: { callbacks?: boolean; sympos?: number; prefix?: string } = {}
): ObjectSpec {
  return {
    name,
    functions: functions.map((old) => ({
      old,
      new: `${options.prefix ?? 'new'}_${old}`,
      sympos: options.sympos ?? 0
    })),
    callbacks: options.callbacks === true ? allCallbacks : []
  }
}

/** A livepatch module that changes these functions of vmlinux, unless it is told its objects. */
export function livepatch(
  name: string,
  functions: readonly string[],
  patch: Partial<PatchSpec> = {},
  module: Partial<ModuleSpec> = {}
): ModuleSpec {
  return {
    ...plainModule,
    name,
    livepatch: true,
    patch: { ...plainPatch, objects: [object('vmlinux', functions, { prefix: name })], ...patch },
    ...module
  }
}

export function worldOf(
  rules: PolicyRules,
  modules: readonly ModuleSpec[],
  more: Partial<World> & { traits?: KernelTraits } = {}
): World {
  return {
    rules,
    traits: linux612,
    modules: new Map(modules.map((module) => [module.name, module])),
    symbolCounts: new Map(),
    isErrorInjectable: (name) => name.startsWith('__x64_sys_'),
    ...more
  }
}

/** A machine on the model: what was done to it, what it said, and what it came to. */
export class Host {
  readonly state: KernelState = emptyState()
  readonly world: World
  readonly facts: Fact[] = []
  #uptimeNs = 0n

  constructor(rules: PolicyRules, modules: readonly ModuleSpec[], more: Partial<World> = {}) {
    this.world = worldOf(rules, modules, more)
    this.state.policy = rules.name
  }

  do(operation: Operation): number {
    this.#uptimeNs += 1_000n
    const { facts, ret } = perform(this.state, operation, this.world, this.#uptimeNs)
    this.facts.push(...facts)
    return ret
  }

  insmod(module: string): number {
    return this.do({ op: 'insmod', module })
  }

  write(patch: string, value: string): number {
    return this.do({ op: 'write-enabled', patch, value })
  }

  /** Threads by pid, each named after it. */
  start(...pids: number[]): void {
    for (const pid of pids) this.do({ op: 'start-task', pid, comm: `task${pid}` })
  }

  call(task: number, name: string, objectName = 'vmlinux'): number {
    return this.do({ op: 'call', task, object: objectName, function: name })
  }

  /** The periodic works get their turn until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 20 && this.state.transition !== null; round += 1) this.do({ op: 'try' })
    for (const { name } of this.state.patches.filter((patch) => patch.offList))
      this.do({ op: 'free', patch: name })
  }

  /** The kernel log without the debug lines of single tries, since `from` facts. */
  log(from = 0): string[] {
    return this.facts
      .slice(from)
      .flatMap((fact) => (fact.type === 'kernel.printed' ? [fact.data.message] : []))
      .filter((line) => !line.includes('klp_try_switch_task'))
  }

  callbacks(): string[] {
    return this.facts.flatMap((fact) =>
      fact.type === 'callback.ran'
        ? [
            `${fact.data.patch} ${fact.data.callback} ${fact.data.object}${fact.data.ret ? ` ${fact.data.ret}` : ''}`
          ]
        : []
    )
  }

  /** A function's stack from the top: the patches, a nop in brackets. */
  stack(name: string, objectName = 'vmlinux'): string[] {
    const stack = this.state.stacks.get(`${objectName}:${name},1`) ?? []
    return stack.map(({ patch, nop }) => (nop ? `[${patch}]` : patch))
  }

  /** The version that a task at this patch state runs. */
  runs(name: string, patchState: 0 | 1 = 1): string {
    return versionAt(this.state, `vmlinux:${name},1`, patchState)
  }

  /** Patches on the list, in list order. */
  list(): string[] {
    return this.state.patches.filter((patch) => !patch.offList).map((patch) => patch.name)
  }

  /** Everything but the times and positions that each event leaves, and what tries and logs are remembered by. */
  snapshot(): string {
    return encodeState({ ...this.state, position: 0, uptimeNs: 0n, changedNs: 0n, settings: new Map() })
  }
}
