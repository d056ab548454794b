import type { EventData, EventType } from '../../events/index.ts'

/** Which objects of which patches are patched, by what was told: what the kernel says next of one shows what was not. */
export class PatchedObjects {
  /** Of patches whose enabling was seen from its beginning. */
  readonly #byPatch = new Map<string, Set<string>>()

  /** Null: nobody knows. */
  isPatched(patch: string, object: string): boolean | null {
    return this.#byPatch.get(patch)?.has(object) ?? null
  }

  /** What of this patch was patched before is not known. */
  forget(patch: string): void {
    this.#byPatch.delete(patch)
  }

  /** A snapshot showed how things stand. */
  relearn(
    seen: readonly { name: string; objects: readonly { name: string; patched: boolean | null }[] }[]
  ): void {
    this.#byPatch.clear()
    for (const { name, objects } of seen) {
      if (objects.length === 0 || objects.some(({ patched }) => patched === null)) continue
      this.#byPatch.set(name, new Set(objects.flatMap((object) => (object.patched ? [object.name] : []))))
    }
  }

  /** An event was told. */
  told<T extends EventType>(type: T, data: EventData<T>): void
  told(type: string, data: { patch?: string; object?: string; module?: string; nopsOnly?: boolean }): void {
    const { patch = '', object = '', module = '' } = data
    if (type === 'patch.enabled') this.#byPatch.set(patch, new Set())
    else if (type === 'object.patched') this.#byPatch.get(patch)?.add(object)
    else if (type === 'object.unpatched' && data.nopsOnly !== true) this.#byPatch.get(patch)?.delete(object)
    else if (type === 'patch.unpatched') this.#byPatch.get(patch)?.clear()
    else if (type === 'patch.freed') this.#byPatch.delete(patch)
    else if (type === 'module.unloaded') for (const objects of this.#byPatch.values()) objects.delete(module)
  }
}
