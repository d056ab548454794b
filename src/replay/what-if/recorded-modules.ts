import type { HistoryEvent, Policy } from '../../events/index.ts'
import type { CallbackName, ModuleSpec, PatchSpec, PolicyRules, World } from '../../kernel/index.ts'
import { historyWorld } from '../recorded/history-world.ts'

/** The world of a recording as a what-if needs it, and what of it nobody told. */
export interface RecordedWorld {
  readonly world: World
  /** Livepatches that were loaded, of which nothing tells what they change. */
  readonly unknown: readonly string[]
  /** Livepatches of which nothing tells whether they are replaceable. */
  readonly flagless: ReadonlySet<string>
}

/** The world that a recorded history tells of; what a manifest tells goes before. */
export function recordedModules(
  history: readonly HistoryEvent[],
  rules: PolicyRules,
  manifest: ReadonlyMap<string, ModuleSpec>
): RecordedWorld {
  const bare = historyWorld(history, rules, manifest)
  const modules = new Map(bare.modules)
  const unknown = new Set<string>()
  const flagless = new Set<string>()
  for (const event of history) {
    if (event.type === 'module.loaded' && event.data.livepatch === true) {
      if (modules.get(event.data.module)?.patch == null) unknown.add(event.data.module)
    }
    if (event.type !== 'patch.enabled' || manifest.has(event.data.patch)) continue
    const { patch, replaceable, objects } = event.data
    if (replaceable === null) flagless.add(patch)
    if (objects === null) unknown.add(patch)
  }
  for (const [name, functions] of overriddenFunctions(history, rules.name)) {
    const spec = modules.get(name)
    if (spec === undefined || manifest.has(name)) continue
    modules.set(name, { ...spec, errorInjectable: [...functions] })
  }
  for (const [name, spec] of modules) {
    if (spec.patch === null || manifest.has(name)) continue
    modules.set(name, { ...spec, patch: withCallbacks(spec.patch, callbacksSeen(history, name)) })
  }
  const symbolCounts = complainedSymbols(history)
  return { world: { ...bare, modules, symbolCounts }, unknown: [...unknown], flagless }
}

/**
 * Functions of modules that a program was let override: outside of the RFC's 2/4 the kernel lets it only where
 * they are on the error-injection list, whatever else is not known of the module.
 */
function overriddenFunctions(history: readonly HistoryEvent[], policy: Policy): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  if (policy === 'hybrid') return found
  for (const event of history) {
    if (event.type !== 'hook.attached' || event.data.overrides === false) continue
    const { module, function: name } = event.data
    if (module === null || name === null) continue
    found.set(module, (found.get(module) ?? new Set()).add(name))
  }
  return found
}

/** The callbacks that a patch's objects were seen to have, as `object callback`. */
function callbacksSeen(history: readonly HistoryEvent[], patch: string): Set<string> {
  return new Set(
    history.flatMap((event) =>
      event.type === 'callback.ran' && event.data.patch === patch
        ? [`${event.data.object} ${event.data.callback}`]
        : []
    )
  )
}

function withCallbacks(patch: PatchSpec, seen: ReadonlySet<string>): PatchSpec {
  const objects = patch.objects.map((object) => ({
    ...object,
    callbacks: callbackNames.filter((callback) => seen.has(`${object.name} ${callback}`))
  }))
  return { ...patch, objects }
}

const callbackNames: readonly CallbackName[] = ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch']

const missing = /symbol '([^']+)' not found in symbol table/
const ambiguous = /unresolvable ambiguity for symbol '([^']+)'/

/** The symbol table, as far as the kernel complained about it. */
function complainedSymbols(history: readonly HistoryEvent[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const event of history) {
    if (event.type !== 'patch.rejected') continue
    const message = event.data.message ?? ''
    const [, none] = missing.exec(message) ?? []
    const [, several] = ambiguous.exec(message) ?? []
    if (none !== undefined) counts.set(none, 0)
    if (several !== undefined) counts.set(several, 2)
  }
  return counts
}
