import type { Fact } from '../../events/index.ts'
import {
  isSyscallEntry,
  type KernelTraits,
  linux612,
  type ModuleSpec,
  type PolicyRules,
  plainModule,
  plainPatch,
  type World
} from '../../kernel/index.ts'

/**
 * The world that a history tells of: every module that was loaded, and of every patch that was enabled what it
 * changes. A manifest tells more (callbacks, parameters, patches that were refused) and goes before.
 */
export function historyWorld(
  history: Iterable<Fact>,
  rules: PolicyRules,
  manifest: ReadonlyMap<string, ModuleSpec> = new Map(),
  traits: KernelTraits = linux612
): World {
  const modules = new Map<string, ModuleSpec>()
  for (const fact of history) {
    if (fact.type === 'patch.enabled') modules.set(fact.data.patch, patchModule(fact))
    const name =
      fact.type === 'module.loaded'
        ? fact.data.module
        : fact.type === 'command.ran' && fact.data.operation === 'insmod'
          ? fact.data.target
          : null
    if (name !== null && !modules.has(name)) modules.set(name, { ...plainModule, name })
  }
  for (const [name, spec] of manifest) modules.set(name, spec)
  return { rules, traits, modules, symbolCounts: new Map(), isErrorInjectable: isSyscallEntry }
}

function patchModule({ data }: Extract<Fact, { type: 'patch.enabled' }>): ModuleSpec {
  const objects = (data.objects ?? []).map(({ name, functions }) => ({
    name,
    functions: functions
      .filter((func) => !func.nop)
      .map((func) => ({
        old: func.name,
        new: func.newName ?? `${data.patch}:${func.name}`,
        sympos: func.sympos
      })),
    callbacks: []
  }))
  return {
    ...plainModule,
    name: data.patch,
    livepatch: true,
    patch: {
      ...plainPatch,
      replace: data.replace ?? false,
      replaceable: data.replaceable ?? false,
      replaceSet: data.replaceSet ?? 0,
      objects,
      states: data.states
    }
  }
}
