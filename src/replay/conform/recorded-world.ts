import type { StoredEvent } from '../../events/index.ts'
import {
  isSyscallEntry,
  type KernelTraits,
  linux612,
  type ModuleSpec,
  type PolicyRules,
  plainModule,
  type World
} from '../../kernel/index.ts'
import { complainedSymbols } from '../recorded/complained-symbols.ts'

/**
 * The world of a recording: the modules of its manifest, plain ones for the others that it loads, and the
 * symbol table as far as the kernel complained about it.
 */
export function recordedWorld(
  history: readonly StoredEvent[],
  manifest: ReadonlyMap<string, ModuleSpec>,
  rules: PolicyRules,
  log: readonly { readonly text: string }[],
  traits: KernelTraits = linux612
): World {
  const modules = new Map(manifest)
  for (const event of history) {
    const name =
      event.type === 'module.loaded'
        ? event.data.module
        : event.type === 'command.ran' && event.data.operation === 'insmod'
          ? event.data.target
          : null
    if (name !== null && !modules.has(name)) modules.set(name, { ...plainModule, name })
  }
  return {
    rules,
    traits,
    modules,
    symbolCounts: complainedSymbols(log.map(({ text }) => text)),
    isErrorInjectable: isSyscallEntry
  }
}
