import type { ToyKernel, ToyObject, ToyPatch } from './toy-kernel.ts'

/** What a livepatch module of the toy is made of: objects by name, each with the functions that it changes. */
export interface PatchSpec {
  readonly replace: boolean
  readonly replaceable: boolean
  readonly set: number
  readonly objects: Readonly<Record<string, readonly string[]>>
}

/**
 * insmod of a livepatch, B.4, with the first try at its end. Bit n of `stuck` holds the n-th task up; `fails`
 * lets the last object refuse.
 */
export function enable(toy: ToyKernel, name: string, spec: PatchSpec, stuck: number, fails: boolean): void {
  if (toy.modules.has(name)) return
  const objects = Object.entries(spec.objects)
  const functions = objects.flatMap(([object, names]) =>
    names.map((old) => ({ name: `${name}_${old}`, key: `${object}:${old},1` }))
  )
  toy.modules.set(name, { functions, livepatch: true, pinned: false })
  toy.tell('module.loaded', { module: name, livepatch: true, actor: null })
  const errno = refusal(toy, spec)
  if (errno !== null) {
    reject(toy, name, errno)
    return
  }
  const patch = newPatch(toy, name, spec)
  toy.patches.push(patch)
  toy.init(patch, 'patched')
  tellEnabled(toy, name, spec)
  const loaded = patch.objects.filter((object) => toy.isLoaded(object.name))
  for (const object of fails ? loaded.slice(0, -1) : loaded) toy.patchObject(patch, object)
  if (fails) {
    cancel(toy, patch)
    return
  }
  start(toy)
  tryComplete(toy, stuck)
}

function refusal(toy: ToyKernel, spec: PatchSpec): number | null {
  const own = new Set(Object.entries(spec.objects).flatMap(([o, names]) => names.map((f) => `${o}:${f},1`)))
  const conflicting = toy.patches.some(
    (old) =>
      !old.offList &&
      old.set !== spec.set &&
      old.objects.some((object) => object.funcs.some((func) => own.has(func.key)))
  )
  if (toy.policy === 'replace-set' && conflicting) return 22
  return toy.transition === null ? null : 16
}

function reject(toy: ToyKernel, patch: string, errno: number): void {
  const refused = { patch, operation: 'enable', value: null, errno, message: null, actor: null } as const
  toy.tell('patch.rejected', refused)
  toy.modules.delete(patch)
  toy.tell('module.unloaded', { module: patch, reason: 'refused' })
}

/** The patch with its own functions, and what klp_add_nops() adds: B.3. */
function newPatch(toy: ToyKernel, name: string, spec: PatchSpec): ToyPatch {
  const { replaceable, set } = spec
  const replace = toy.policy === 'replace-set' || spec.replace
  const func = (key: string, nop: boolean) => ({ patch: name, key, nop, transition: false })
  const objects: ToyObject[] = Object.entries(spec.objects).map(([object, names]) => ({
    name: object,
    dynamic: false,
    patched: false,
    funcs: names.map((old) => func(`${object}:${old},1`, false))
  }))
  const patch = { name, replace, replaceable, set, enabled: false, forced: false, offList: false, objects }
  const covered = replace ? toy.patches.filter((old) => toy.inScope(patch, old)) : []
  for (const object of covered.flatMap((old) => old.objects)) {
    let own = objects.find((one) => one.name === object.name)
    if (own === undefined) {
      own = { name: object.name, dynamic: true, patched: false, funcs: [] }
      objects.push(own)
    }
    for (const { key } of object.funcs) {
      if (!own.funcs.some((one) => one.key === key)) own.funcs.push(func(key, true))
    }
  }
  return patch
}

function tellEnabled(toy: ToyKernel, name: string, spec: PatchSpec): void {
  const objects = Object.entries(spec.objects).map(([object, names]) => ({
    name: object,
    functions: names.map((old) => ({ name: old, sympos: 1, newName: `${name}_${old}`, nop: false }))
  }))
  toy.tell('patch.enabled', {
    patch: name,
    replace: toy.policy === 'replace-set' ? null : spec.replace,
    replaceable: toy.policy === 'hybrid' ? spec.replaceable : null,
    replaceSet: toy.policy === 'replace-set' ? spec.set : null,
    objects,
    nopsListed: false,
    states: [],
    actor: null
  })
}

/** klp_cancel_transition() and what follows it. */
function cancel(toy: ToyKernel, patch: ToyPatch): void {
  if (toy.transition !== null) toy.transition.goal = 'unpatched'
  toy.tell('transition.cancelled', { patch: patch.name })
  complete(toy)
  freed(toy, patch)
  reject(toy, patch.name, 19)
}

function start(toy: ToyKernel): void {
  if (toy.transition === null) return
  const { patch, goal } = toy.transition
  patch.enabled = goal === 'patched'
  toy.tell('transition.started', { patch: patch.name, goal })
}

/** A write of 0 to `enabled`: B.12. */
export function disable(toy: ToyKernel, patch: ToyPatch | undefined, stuck: number): void {
  if (patch === undefined || toy.transition !== null || !patch.enabled || patch.offList) return
  toy.init(patch, 'unpatched')
  toy.tell('patch.disabled', { patch: patch.name, actor: null })
  start(toy)
  tryComplete(toy, stuck)
}

/** klp_try_complete_transition(), B.7: every pending task is tried, and named. */
export function tryComplete(toy: ToyKernel, stuck: number): void {
  if (toy.transition === null) return
  const { patch, goal } = toy.transition
  toy.tell('transition.tried', { patch: patch.name, goal })
  for (const task of toy.pending()) {
    const tried = { patch: patch.name, goal, pid: task.pid, comm: task.comm }
    if (((stuck >> (toy.tasks.indexOf(task) % 8)) & 1) === 1) {
      toy.tell('task.blocked', { ...tried, reason: 'sleeping', function: null })
    } else {
      task.state = toy.target
      toy.tell('task.switched', { ...tried, how: 'checked' })
    }
  }
  if (toy.pending().length === 0) complete(toy)
}

/** klp_update_patch_state(): a pending task switches itself. */
export function updatePatchState(toy: ToyKernel, nth: number): void {
  const pending = toy.pending()
  const task = pending[nth % pending.length]
  if (toy.transition === null || task === undefined) return
  const { patch, goal } = toy.transition
  task.state = toy.target
  toy.tell('task.switched', { patch: patch.name, goal, pid: task.pid, comm: task.comm, how: 'self' })
}

/** B.8. */
function complete(toy: ToyKernel): void {
  if (toy.transition === null) return
  const { patch, goal } = toy.transition
  const older = toy.patches.slice(0, toy.patches.indexOf(patch)).filter((old) => toy.inScope(patch, old))
  const replaced = goal === 'patched' && patch.replace ? older : []
  for (const old of replaced) {
    old.enabled = false
    toy.unpatchAll(old)
    toy.tell('patch.replaced', { patch: old.name, by: patch.name })
  }
  if (goal === 'patched' && patch.replace) {
    for (const object of patch.objects) toy.unpatchFuncs(object, (func) => func.nop)
    for (const object of patch.objects) object.funcs = object.funcs.filter((func) => !func.nop)
    patch.objects = patch.objects.filter((object) => !object.dynamic)
    toy.tell('nop.discarded', { patch: patch.name, functions: null })
  }
  if (goal === 'unpatched') {
    toy.unpatchAll(patch)
    toy.tell('patch.unpatched', { patch: patch.name, reason: 'disabled', functions: null })
    patch.enabled = false
  }
  for (const old of goal === 'unpatched' ? [patch] : replaced) old.offList = true
  toy.rest(patch)
  toy.tell('transition.completed', { patch: patch.name, goal })
}

/** The free work of the oldest patch that waits for it: B.9. */
export function free(toy: ToyKernel): void {
  const patch = toy.patches.find((one) => one.offList)
  if (patch !== undefined) freed(toy, patch)
}

function freed(toy: ToyKernel, patch: ToyPatch): void {
  toy.patches = toy.patches.filter((one) => one !== patch)
  const module = toy.modules.get(patch.name)
  if (module !== undefined && patch.forced) module.pinned = true
  toy.tell('patch.freed', { patch: patch.name })
}

/** The opposite written to `enabled` of the patch in transition: B.11. */
export function reverse(toy: ToyKernel): void {
  if (toy.transition === null) return
  const { patch, goal } = toy.transition
  toy.transition.goal = goal === 'patched' ? 'unpatched' : 'patched'
  toy.tell('transition.reversed', { patch: patch.name, goal: toy.transition.goal })
  start(toy)
}

/** B.13; in replace-set within the set. */
export function force(toy: ToyKernel): void {
  if (toy.transition === null) return
  const { patch, goal } = toy.transition
  for (const task of toy.tasks) task.state = toy.target
  toy.tell('transition.forced', { patch: patch.name, goal, actor: null })
  const others = toy.patches.filter(
    (one) => one !== patch && !one.offList && (toy.policy !== 'replace-set' || one.set === patch.set)
  )
  for (const pinned of goal === 'unpatched' ? [patch] : patch.replace ? others : []) {
    pinned.forced = true
    toy.tell('patch.pinned', { patch: pinned.name, by: patch.name })
  }
}
