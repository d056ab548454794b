import type { ModuleSpec, ObjectSpec, PatchSpec, World } from '../../kernel/index.ts'
import type { Course } from '../engine/course.ts'

/** The course's world with one thing less each: a module that no step loads, an object, a function, a callback, a state. */
export function* simplerWorlds({ world, operations }: Course): Generator<World> {
  const loaded = new Set(
    operations.map(({ operation }) => (operation.op === 'insmod' ? operation.module : ''))
  )
  const used = new Map([...world.modules].filter(([name]) => loaded.has(name)))
  if (used.size < world.modules.size) yield { ...world, modules: used }
  if (world.symbolCounts.size > 0) yield { ...world, symbolCounts: new Map() }
  for (const bugs of oneLess([...(world.bugs ?? [])])) yield { ...world, bugs: new Set(bugs) }
  for (const [name, spec] of world.modules) {
    for (const simpler of simplerModules(spec)) {
      yield { ...world, modules: new Map([...world.modules, [name, simpler]]) }
    }
  }
}

function* simplerModules(spec: ModuleSpec): Generator<ModuleSpec> {
  if (spec.kprobe !== null) yield { ...spec, kprobe: null }
  if (Object.keys(spec.params).length > 0) yield { ...spec, params: {} }
  for (const field of ['functions', 'errorInjectable', 'initPrints', 'exitPrints'] as const) {
    for (const left of oneLess(spec[field])) yield { ...spec, [field]: left }
  }
  if (spec.patch === null) return
  for (const patch of simplerPatches(spec.patch)) yield { ...spec, patch }
}

function* simplerPatches(patch: PatchSpec): Generator<PatchSpec> {
  for (const states of oneLess(patch.states)) yield { ...patch, states }
  if (patch.prePatchReturns !== 0) yield { ...patch, prePatchReturns: 0 }
  for (const objects of oneLess(patch.objects)) yield { ...patch, objects }
  for (const [n, object] of patch.objects.entries()) {
    for (const simpler of simplerObjects(object)) {
      yield { ...patch, objects: patch.objects.map((one, at) => (at === n ? simpler : one)) }
    }
  }
}

function* simplerObjects(object: ObjectSpec): Generator<ObjectSpec> {
  if (object.callbacks.length > 0) yield { ...object, callbacks: [] }
  for (const callbacks of oneLess(object.callbacks)) yield { ...object, callbacks }
  for (const functions of oneLess(object.functions)) yield { ...object, functions }
}

function* oneLess<T>(items: readonly T[]): Generator<readonly T[]> {
  for (const n of items.keys()) yield items.filter((_one, at) => at !== n)
}
