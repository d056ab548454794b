import type { KlpObject, Policy } from '../events/index.ts'
import { functionKey, type ObjectState, type PatchState } from './state.ts'

/** What the scope rule reads of a patch. */
type Scoped = Pick<PatchState, 'replaceable' | 'replaceSet'>

/**
 * Whether a new patch takes over from an old one: always in mainline; hybrid spares `replaceable` 0, read at
 * the moment of use; replace-set takes only its own set. What nobody told is taken as the kernel's default.
 */
export function inScope(policy: Policy | null, by: Scoped, old: Scoped): boolean {
  if (policy === 'hybrid') return old.replaceable !== false
  if (policy === 'replace-set') return (by.replaceSet ?? 0) === (old.replaceSet ?? 0)
  return true
}

/** Whether a patch replaces at all: every patch does in replace-set, elsewhere its flag says. */
export function replaces(policy: Policy | null, replace: boolean | null): boolean | null {
  return policy === 'replace-set' ? true : replace
}

/**
 * klp_add_nops(): the new patch's objects, with a nop for every function that a patch in scope changes and
 * that the new one does not; an object that only nops need is made for them.
 */
export function withNops(
  policy: Policy | null,
  by: Scoped,
  objects: readonly KlpObject[],
  older: readonly PatchState[]
): ObjectState[] {
  const result = objects.map(
    (object): ObjectState => ({
      name: object.name,
      patched: false,
      dynamic: false,
      functions: [...object.functions],
      postUnpatchDue: false
    })
  )
  const has = new Set(result.flatMap((o) => o.functions.map((f) => functionKey(o.name, f.name, f.sympos))))
  for (const old of older) {
    if (!inScope(policy, by, old)) continue
    for (const oldObject of old.objects) {
      for (const func of oldObject.functions) {
        const key = functionKey(oldObject.name, func.name, func.sympos)
        if (has.has(key)) continue
        has.add(key)
        let object = result.find((o) => o.name === oldObject.name)
        if (object === undefined) {
          object = {
            name: oldObject.name,
            patched: false,
            dynamic: true,
            functions: [],
            postUnpatchDue: false
          }
          result.push(object)
        }
        object.functions.push({ name: func.name, sympos: func.sympos, newName: null, nop: true })
      }
    }
  }
  return result
}
