import type { TaskRef } from '../observation.ts'
import { tellFreed } from './completion.ts'
import type { Item, Knowledge } from './knowledge.ts'
import { pidOf, type Teller } from './teller.ts'
import type { Unpatching } from './unpatch.ts'

/** klp_module_coming(), or the module_load tracepoint where that is not probed. */
export function moduleComing(
  k: Knowledge,
  t: Teller,
  module: string,
  livepatch: boolean | null,
  task: TaskRef | null,
  item: Item
): void {
  k.loading.set(pidOf(task), { module, sinceNs: item.uptimeNs })
  if (k.modules.has(module)) return
  k.modules.add(module)
  const marked = livepatch ?? k.manifests.get(module)?.livepatch ?? null
  t.tell('module.loaded', { module, livepatch: marked, actor: t.actor(task, item) }, item)
}

/** klp_module_going(): patches on the module are reverted next. */
export function moduleGoing(k: Knowledge, t: Teller, module: string, task: TaskRef | null, item: Item): void {
  k.goingModule = module
  t.tell('module.going', { module, actor: t.actor(task, item) }, item)
}

/** The module_free tracepoint, or what stands for it. */
export function moduleFreed(
  k: Knowledge,
  t: Teller,
  unpatching: Unpatching,
  module: string,
  item: Item,
  inferred = false
): void {
  const reason = k.endLoading(module) ? 'refused' : 'removed'
  if (k.goingModule === module) k.goingModule = null
  unpatching.moduleGone()
  for (const [symbol] of k.symbolAddress) if (symbol.startsWith(`${module}:`)) k.symbolAddress.delete(symbol)
  if (!k.modules.delete(module)) return
  t.tell('module.unloaded', { module, reason }, item, inferred)
}

/** finit_module or init_module returned: a module that did not make it is gone. */
export function loadReturned(
  k: Knowledge,
  t: Teller,
  unpatching: Unpatching,
  ret: number,
  task: TaskRef | null,
  item: Item
): void {
  const loading = k.loading.get(pidOf(task))
  if (loading === undefined) return
  if (ret < 0) moduleFreed(k, t, unpatching, loading.module, item, true)
  k.loading.delete(pidOf(task))
}

/** klp_free_patch_work_fn and klp_kobj_release_patch: the end of a patch, told once, at the later one. */
export class Freeing {
  #held: { patch: string; item: Item } | null = null

  workEntered(k: Knowledge, t: Teller, patch: string | undefined, item: Item): void {
    this.flush(k, t)
    const name = patch ?? k.toFree[0]
    if (name === undefined) return
    this.#held = { patch: name, item }
    // bpftrace has no probe on the release, which would tell it more exactly.
    if (item.format === 'bpftrace') this.flush(k, t)
  }

  released(k: Knowledge, t: Teller, patch: string, item: Item): void {
    if (this.#held?.patch === patch) this.#held = null
    this.flush(k, t)
    tellFreed(k, t, patch, item)
  }

  flush(k: Knowledge, t: Teller): void {
    if (this.#held === null) return
    const { patch, item } = this.#held
    this.#held = null
    tellFreed(k, t, patch, item)
  }
}
