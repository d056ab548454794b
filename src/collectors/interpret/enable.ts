import type { KlpObject } from '../../events/index.ts'
import type { TaskRef } from '../observation.ts'
import { finishCompletion, tellFreed } from './completion.ts'
import type { Item, Knowledge } from './knowledge.ts'
import { pidOf, type Teller } from './teller.ts'

type Args = Readonly<Record<string, string>>

/** klp_enable_patch() was entered: nothing is decided yet. */
export function enableEntered(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const patch = args.patch
  if (patch === undefined) return
  const replace = args.replace === undefined ? null : Number(args.replace) !== 0
  k.enabling.set(pidOf(task), { patch, replace, item, actor: t.actor(task, item), message: null })
}

/** The patch is on the list: "enabling patch", or klp_init_transition(PATCHED), whichever comes first. */
export function enablePassed(
  k: Knowledge,
  t: Teller,
  patch: string,
  item: Item,
  task: TaskRef | null = null
): void {
  if (k.transition?.patch === patch && k.transition.goal === 'patched') return
  const enabling = enablingOf(k, patch)
  const manifest = k.manifests.get(patch)
  const replace = enabling?.replace ?? manifest?.replace ?? null
  k.replaceOf.set(patch, replace)
  const at = k.list.indexOf(patch)
  if (at >= 0) k.list.splice(at, 1)
  k.list.push(patch)
  k.replaced.delete(patch)
  k.transition = newTransition(patch, 'patched')
  k.knowsTransition = true
  t.tell(
    'patch.enabled',
    {
      patch,
      replace,
      replaceable: k.policy === 'hybrid' ? (manifest?.replaceable ?? null) : null,
      replaceSet: k.policy === 'replace-set' ? (manifest?.replaceSet ?? null) : null,
      objects: manifest === undefined ? null : manifest.objects.map(toObject),
      nopsListed: false,
      states: manifest?.states.map((state) => ({ id: state.id, version: state.version })) ?? [],
      actor: enabling?.actor ?? t.actor(task, item)
    },
    item
  )
}

/** klp_enable_patch() returned: refused with an errno, or done. */
export function enableReturned(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const pid = pidOf(task)
  const enabling = k.enabling.get(pid)
  k.enabling.delete(pid)
  const ret = Number(args.ret)
  if (enabling === undefined || !Number.isSafeInteger(ret)) return
  const { patch } = enabling
  if (ret >= 0) {
    if (!k.list.includes(patch)) enablePassed(k, t, patch, enabling.item, task)
    finishCompletion(k, t, patch, item)
    return
  }
  finishCompletion(k, t, patch, item)
  if (k.transition?.patch === patch) k.transition = null
  if (k.list.includes(patch)) tellFreed(k, t, patch, item, true)
  t.tell(
    'patch.rejected',
    {
      patch,
      operation: 'enable',
      value: null,
      errno: -ret,
      message: enabling.message,
      actor: enabling.actor
    },
    item
  )
}

/** A write to `enabled` was entered and will be judged by its return. */
export function storeEntered(k: Knowledge, args: Args, task: TaskRef | null, item: Item): void {
  if (args.patch === undefined) return
  k.storing.set(pidOf(task), { patch: args.patch, value: (args.value ?? '').trim(), item })
}

/** enabled_store() returned: a negative errno is a refusal. */
export function storeReturned(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const store = k.storing.get(pidOf(task))
  k.storing.delete(pidOf(task))
  const ret = Number(args.ret)
  if (store === undefined || !Number.isSafeInteger(ret)) return
  const { patch, value } = store
  if (ret >= 0) {
    finishCompletion(k, t, patch, item)
    return
  }
  const actor = t.actor(task, item)
  t.tell(
    'patch.rejected',
    { patch, operation: 'write-enabled', value, errno: -ret, message: null, actor },
    item
  )
}

/** force_store(): refused with EINVAL unless the patch is the one in transition (its return is not probed). */
export function forceEntered(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const patch = args.patch
  if (patch === undefined || k.transition?.patch === patch) return
  const value = (args.value ?? '').trim()
  const actor = t.actor(task, item)
  t.tell('patch.rejected', { patch, operation: 'force', value, errno: 22, message: null, actor }, item, true)
}

/** The enable under way for a patch, whoever runs it. */
function enablingOf(k: Knowledge, patch: string) {
  for (const enabling of k.enabling.values()) {
    if (enabling.patch === patch) return enabling
  }
  return undefined
}

/** A fresh transition towards a goal. */
export function newTransition(patch: string, goal: 'patched' | 'unpatched') {
  return {
    patch,
    begunTowards: goal,
    goal,
    started: false,
    tried: false,
    cancelled: false,
    reversed: false,
    forced: false,
    completing: null,
    patched: new Set<string>()
  }
}

function toObject(object: {
  name: string
  functions: readonly { name: string; sympos: number; newName: string | null }[]
}): KlpObject {
  return { name: object.name, functions: object.functions.map((func) => ({ ...func, nop: false })) }
}
