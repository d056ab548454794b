import type { EventData, HistoryEvent } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { doubt, doubtUnknown } from './doubt.ts'
import { begin } from './evolve-transition.ts'
import { replaces, withNops } from './scope.ts'
import {
  discardNops,
  insertObject,
  pushObject,
  removeFromStacks,
  removePatchFromStacks,
  touchFunctions
} from './stack.ts'
import { findPatch, type KernelState, type ObjectState, type PatchState } from './state.ts'

type PatchEvent = Extract<
  HistoryEvent,
  {
    type:
      | 'patch.enabled'
      | 'patch.replaced'
      | 'patch.unpatched'
      | 'patch.freed'
      | 'patch.disabled'
      | 'patch.marked'
      | 'patch.pinned'
      | 'object.patched'
      | 'object.unpatched'
      | 'nop.added'
      | 'nop.discarded'
  }
>

/** A patch's life and its objects: what kernel/livepatch/core.c and patch.c do to the state. */
export function evolvePatch(state: KernelState, event: PatchEvent, changes: Changes): void {
  changes.patches = true
  if (event.type === 'patch.enabled') {
    enable(state, event, changes)
    return
  }
  const patch = findPatch(state, event.data.patch)
  if (patch === undefined) {
    doubtUnknown(state, event, changes)
    return
  }
  switch (event.type) {
    case 'patch.replaced':
      patch.enabled = false
      patch.replacedBy = event.data.by
      touchFunctions(patch, changes)
      removePatchFromStacks(state, patch, changes)
      return
    case 'patch.unpatched':
      touchFunctions(patch, changes)
      removePatchFromStacks(state, patch, changes)
      return
    case 'patch.freed':
      touchFunctions(patch, changes)
      removePatchFromStacks(state, patch, changes)
      state.patches.splice(state.patches.indexOf(patch), 1)
      if (patch.forced) pinModule(state, patch.name)
      if (state.transition?.patch === patch.name) state.transition = null
      changes.transition = true
      return
    case 'patch.disabled':
      begin(state, patch.name, 'unpatched', event, changes)
      return
    case 'patch.marked':
      patch.replaceable = event.data.replaceable
      return
    case 'patch.pinned':
      patch.forced = true
      return
    case 'object.patched': {
      const object = findObject(patch, event.data.object)
      if (object !== undefined && !object.patched) pushObject(state, patch, object, changes)
      return
    }
    case 'object.unpatched': {
      const object = findObject(patch, event.data.object)
      if (object === undefined) return
      const { nopsOnly } = event.data
      removeFromStacks(state, patch, object, (func) => !nopsOnly || func.nop, changes)
      if (!nopsOnly || object.dynamic) object.patched = false
      return
    }
    case 'nop.added':
      addNop(state, patch, event.data, changes)
      return
    case 'nop.discarded':
      discardNops(state, patch, changes)
      return
  }
}

/** klp_init_patch(): the patch joins the tail of the list, with its nops; klp_init_transition() follows. */
function enable(
  state: KernelState,
  event: Extract<PatchEvent, { type: 'patch.enabled' }>,
  changes: Changes
): void {
  const { data } = event
  const old = findPatch(state, data.patch)
  if (old !== undefined) {
    // The module was loaded again, so whatever became of the first one happened unseen.
    removePatchFromStacks(state, old, changes)
    state.patches.splice(state.patches.indexOf(old), 1)
    if (state.transition?.patch === data.patch) state.transition = null
    doubt(state, event, `${data.patch} was enabled again and no evidence shows how it had gone`, changes)
  }
  const replace = replaces(state.policy, data.replace)
  const older = state.patches.filter((patch) => !patch.offList)
  if (replace === null && older.length > 0) {
    doubt(state, event, `no evidence tells whether ${data.patch} replaces the older patches`, changes)
  }
  const objects = data.objects ?? []
  const own: ObjectState[] = objects.map((object) => ({
    name: object.name,
    patched: false,
    dynamic: object.functions.length > 0 && object.functions.every((func) => func.nop),
    functions: [...object.functions],
    postUnpatchDue: false
  }))
  state.patches.push({
    name: data.patch,
    replace: data.replace,
    replaceable: data.replaceable,
    replaceSet: data.replaceSet,
    enabled: false,
    forced: false,
    replacedBy: null,
    offList: false,
    objects:
      data.nopsListed || data.objects === null || replace !== true
        ? own
        : withNops(state.policy, data, objects, older),
    objectsKnown: data.objects !== null,
    states: data.states,
    sinceNs: event.uptimeNs,
    sincePosition: event.position
  })
  const module = state.modules.get(data.patch)
  if (module === undefined)
    state.modules.set(data.patch, { livepatch: true, state: 'live', refs: null, pinned: false })
  else module.livepatch = true
  begin(state, data.patch, 'patched', event, changes)
}

function addNop(
  state: KernelState,
  patch: PatchState,
  nop: { object: string; function: string; sympos: number },
  changes: Changes
): void {
  let object = findObject(patch, nop.object)
  if (object === undefined) {
    object = { name: nop.object, patched: false, dynamic: true, functions: [], postUnpatchDue: false }
    patch.objects.push(object)
  }
  if (object.functions.some((func) => func.name === nop.function && func.sympos === nop.sympos)) return
  object.functions.push({ name: nop.function, sympos: nop.sympos, newName: null, nop: true })
  if (object.patched) insertObject(state, patch, object, changes)
}

/** klp_free_patch_finish() keeps the module reference of a forced patch. */
function pinModule(state: KernelState, name: string): void {
  const module = state.modules.get(name)
  if (module !== undefined) module.pinned = true
}

/** A callback ran for an object: pre_patch makes post_unpatch due, which clears that. */
export function callbackRan(state: KernelState, ran: EventData<'callback.ran'>): void {
  const patch = findPatch(state, ran.patch)
  const object = patch === undefined ? undefined : findObject(patch, ran.object)
  if (object === undefined) return
  if (ran.callback === 'pre_patch') object.postUnpatchDue = (ran.ret ?? 0) === 0
  if (ran.callback === 'post_unpatch') object.postUnpatchDue = false
}

function findObject(patch: PatchState, name: string): ObjectState | undefined {
  return patch.objects.find((object) => object.name === name)
}
