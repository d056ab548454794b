import type { EventData, Fact } from '../../events/index.ts'
import {
  type CallbackName,
  isSyscallEntry,
  type KernelTraits,
  linux612,
  type ModuleSpec,
  type ObjectSpec,
  type PolicyRules,
  plainModule,
  plainPatch,
  type World
} from '../../kernel/index.ts'
import { complainedSymbols } from './complained-symbols.ts'

/**
 * The world that a history tells of: every module that was loaded, of every patch that was enabled what it
 * changes and which callbacks ran, of other modules the functions that were patched or hooked. A manifest tells
 * more (callbacks that never ran, parameters, patches that were refused) and goes before.
 */
export function historyWorld(
  history: Iterable<Fact>,
  rules: PolicyRules,
  manifest: ReadonlyMap<string, ModuleSpec> = new Map(),
  traits: KernelTraits = linux612
): World {
  const told = new ToldModules()
  for (const fact of history) told.take(fact)
  return {
    rules,
    traits,
    modules: new Map([...told.specs(), ...manifest]),
    symbolCounts: complainedSymbols(told.complaints),
    isErrorInjectable: isSyscallEntry
  }
}

class ToldModules {
  readonly complaints: string[] = []
  /** Whether the RFC's 2/4 let kprobes override what livepatches bring. */
  #isHybrid = false
  readonly #names = new Set<string>()
  readonly #patches = new Map<string, EventData<'patch.enabled'>>()
  readonly #functions = new Map<string, Set<string>>()
  readonly #overridden = new Map<string, Set<string>>()
  /** Callbacks that ran, by patch and object. */
  readonly #callbacks = new Map<string, Set<CallbackName>>()
  /** What pre_patch returned when it last failed, by patch. */
  readonly #prePatchReturns = new Map<string, number>()

  take(fact: Fact): void {
    switch (fact.type) {
      case 'host.booted':
        this.#isHybrid = fact.data.policy === 'hybrid'
        break
      case 'module.loaded':
        this.#names.add(fact.data.module)
        break
      case 'command.ran':
        if (fact.data.operation === 'insmod' && fact.data.target !== null) this.#names.add(fact.data.target)
        break
      case 'patch.enabled':
        this.#takePatch(fact.data)
        break
      case 'patch.rejected':
        if (fact.data.message !== null) this.complaints.push(fact.data.message)
        break
      case 'callback.ran':
        this.#takeCallback(fact.data)
        break
      case 'hook.attached':
        this.#takeHook(fact.data)
        break
      default:
        break
    }
  }

  specs(): Map<string, ModuleSpec> {
    return new Map([...this.#names].map((name) => [name, this.#spec(name)]))
  }

  #takePatch(patch: EventData<'patch.enabled'>): void {
    this.#names.add(patch.patch)
    this.#patches.set(patch.patch, patch)
    for (const object of patch.objects ?? []) {
      for (const func of object.functions) addTo(this.#functions, object.name, func.name)
    }
  }

  #takeCallback({ patch, object, callback, ret }: EventData<'callback.ran'>): void {
    addTo(this.#callbacks, `${patch} ${object}`, callback)
    if (ret !== null && ret !== 0) this.#prePatchReturns.set(patch, ret)
  }

  #takeHook({ module, function: name, kind, overrides }: EventData<'hook.attached'>): void {
    if (module === null || name === null) return
    addTo(this.#functions, module, name)
    const isBecauseOfItsPatch = this.#isHybrid && kind === 'kprobe' && this.#patches.has(module)
    if (overrides === true && !isBecauseOfItsPatch) addTo(this.#overridden, module, name)
  }

  #spec(name: string): ModuleSpec {
    const data = this.#patches.get(name)
    const functions = [...(this.#functions.get(name) ?? [])]
    const plain = {
      ...plainModule,
      name,
      functions,
      errorInjectable: [...(this.#overridden.get(name) ?? [])]
    }
    if (data === undefined) return plain
    return {
      ...plain,
      livepatch: true,
      patch: {
        ...plainPatch,
        replace: data.replace ?? false,
        replaceable: data.replaceable ?? false,
        replaceSet: data.replaceSet ?? 0,
        objects: (data.objects ?? []).map((object) => this.#object(name, object)),
        states: data.states,
        prePatchReturns: this.#prePatchReturns.get(name) ?? 0
      }
    }
  }

  #object(
    patch: string,
    { name, functions }: NonNullable<EventData<'patch.enabled'>['objects']>[number]
  ): ObjectSpec {
    return {
      name,
      functions: functions
        .filter((func) => !func.nop)
        .map((func) => ({
          old: func.name,
          new: func.newName ?? `${patch}:${func.name}`,
          sympos: func.sympos
        })),
      callbacks: [...(this.#callbacks.get(`${patch} ${name}`) ?? [])]
    }
  }
}

function addTo<T>(sets: Map<string, Set<T>>, key: string, value: T): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}
