import {
  checkCompleting,
  checkForced,
  checkNops,
  checkNopsSeen,
  checkSets,
  checkShadows,
  isSomeoneIn,
  law
} from './packed-laws.ts'
import { isBlocked, sideOf, versionAtSide } from './packed-stack.ts'
import {
  bytes,
  frameOf,
  frameVersion,
  goneVersion,
  hookPlaces,
  isListed,
  limits,
  places,
  type Work
} from './packed-state.ts'
import { type PackedWorld, pairIndex, scopeIndex } from './packed-world.ts'

/** klp_enable_patch() for a patch that nothing refuses, in an empty slot. */
export function enable(work: Work, world: PackedWorld, slot: number, kind: number, flag: number): void {
  const { bytes: state, order } = work
  const own = world.masks[kind] as number
  let nops = 0
  for (let at = 0; at < work.listed; at += 1) {
    const other = order[at] as number
    const old = state[bytes.kind + other] as number
    const inScope = world.scope[scopeIndex(kind, old, state[bytes.flag + other] as number)] as number
    if (world.replaces[kind] === 0) continue
    state[bytes.scope + other] = inScope
    if (inScope === 1) nops |= world.masks[old] as number
  }
  order[work.listed] = slot
  work.listed += 1
  state[bytes.loc + slot] = work.listed
  state[bytes.kind + slot] = kind
  state[bytes.flag + slot] = flag
  begin(work, world, slot, 1)
  state[bytes.isEnable] = 1
  state[bytes.nops] = nops & ~own
  checkNops(work, world)
  checkSets(work, world)
  checkShadows(work, world)
  tryToComplete(work, world)
}

/** __klp_disable_patch(). */
export function disable(work: Work, world: PackedWorld, slot: number): void {
  begin(work, world, slot, 0)
  tryToComplete(work, world)
}

/** klp_init_transition(). */
function begin({ bytes: state }: Work, world: PackedWorld, slot: number, goal: number): void {
  state[bytes.moving] = slot + 1
  state[bytes.goal] = goal
  for (let task = 0; task < world.tasks; task += 1) state[bytes.pending + task] = 1
}

/** klp_reverse_transition(): who had switched has to go back; after a force that is everybody. */
export function reverse(work: Work, world: PackedWorld): void {
  const { bytes: state } = work
  state[bytes.goal] = 1 - (state[bytes.goal] as number)
  state[bytes.isForced] = 0
  for (let task = 0; task < world.tasks; task += 1)
    state[bytes.pending + task] = 1 - (state[bytes.pending + task] as number)
  checkNopsSeen(work, world, false)
}

/** replaceable_store(), for a patch that is not the one in transition. */
export function mark(work: Work, world: PackedWorld, slot: number): void {
  work.bytes[bytes.flag + slot] = 1 - (work.bytes[bytes.flag + slot] as number)
  checkNops(work, world)
}

/** klp_force_transition(). */
export function force(work: Work, world: PackedWorld): void {
  const { bytes: state, order } = work
  const moving = (state[bytes.moving] as number) - 1
  const kind = state[bytes.kind + moving] as number
  state[bytes.isForced] = 1
  state[bytes.everForced] = 1
  for (let task = 0; task < world.tasks; task += 1) state[bytes.pending + task] = 0
  checkForced(work, world)
  checkNopsSeen(work, world, false)
  if (state[bytes.goal] === 0) {
    state[bytes.forced + moving] = 1
    return
  }
  if (world.replaces[kind] === 0) return
  for (let at = 0; at < work.listed; at += 1) {
    const slot = order[at] as number
    if (slot === moving) continue
    if (world.pins[pairIndex(kind, state[bytes.kind + slot] as number)] === 1) state[bytes.forced + slot] = 1
  }
}

/** klp_try_complete_transition(): with nobody left pending the transition completes. */
export function tryToComplete(work: Work, world: PackedWorld): void {
  const { bytes: state } = work
  let isDone = true
  for (let task = 0; task < world.tasks; task += 1) {
    if (state[bytes.pending + task] === 0) continue
    if (isBlocked(work, world, task)) isDone = false
    else state[bytes.pending + task] = 0
  }
  checkNopsSeen(work, world, false)
  if (isDone) complete(work, world)
}

/** klp_complete_transition(), and klp_free_patch_async() for those that leave the list. */
function complete(work: Work, world: PackedWorld): void {
  const { bytes: state, order } = work
  const moving = (state[bytes.moving] as number) - 1
  const kind = state[bytes.kind + moving] as number
  const goal = state[bytes.goal] as number
  checkCompleting(work, world)
  const before = noteVersions(work, world, goal)
  if (goal === 0) leaveList(work, world, moving)
  else if (world.replaces[kind] === 1) {
    for (let at = 0; order[at] !== moving; at += 1) {
      const slot = order[at] as number
      const old = state[bytes.kind + slot] as number
      if (world.scope[scopeIndex(kind, old, state[bytes.flag + slot] as number)] === 1)
        leaveList(work, world, slot)
    }
  }
  state[bytes.moving] = 0
  state[bytes.goal] = 0
  state[bytes.isForced] = 0
  state[bytes.isEnable] = 0
  state[bytes.nops] = 0
  for (let slot = 0; slot < world.patches; slot += 1) state[bytes.scope + slot] = 0
  closeRanks(work)
  if (noteVersions(work, world, 1) !== before) work.broken |= law.T5
}

/** What every function runs on a side of the transition, four bits each. */
function noteVersions(work: Work, world: PackedWorld, side: number): number {
  let versions = 0
  for (let func = 0; func < world.functions.length; func += 1)
    versions |= versionAtSide(work, world, func, side) << (4 * func)
  return versions
}

/** Off the list only the functions of a patch are of interest, for programs may be in them. */
function leaveList({ bytes: state }: Work, world: PackedWorld, slot: number): void {
  state[bytes.loc + slot] = places.offList
  state[bytes.flag + slot] = 0
  state[bytes.kind + slot] = world.bare[state[bytes.kind + slot] as number] as number
}

/** The list without those that have left it. */
function closeRanks(work: Work): void {
  const { bytes: state, order } = work
  let listed = 0
  for (let at = 0; at < work.listed; at += 1) {
    const slot = order[at] as number
    if (!isListed(state[bytes.loc + slot] as number)) continue
    order[listed] = slot
    listed += 1
    state[bytes.loc + slot] = listed
  }
  work.listed = listed
}

/** klp_update_patch_state() of a task that is outside of every function. */
export function switchTask(work: Work, world: PackedWorld, task: number): void {
  work.bytes[bytes.pending + task] = 0
  checkNopsSeen(work, world, false)
}

/** A call enters the version that klp_ftrace_handler() chooses. */
export function call(work: Work, world: PackedWorld, task: number, func: number): void {
  const { bytes: state } = work
  const at = bytes.frame + limits.callDepth * task
  const free = state[at] === 0 ? at : at + 1
  const version =
    state[bytes.moving] === 0
      ? versionAtSide(work, world, func, 1)
      : versionAtSide(work, world, func, sideOf(work, task))
  state[free] = frameOf(func, version)
}

/** The innermost call of the task returns. */
export function leaveCall({ bytes: state }: Work, task: number): void {
  const at = bytes.frame + limits.callDepth * task
  if (state[at + 1] === 0) state[at] = 0
  else state[at + 1] = 0
}

/** delete_module(): kprobes in it are gone. */
export function unload(work: Work, world: PackedWorld, slot: number): void {
  const { bytes: state } = work
  if (isSomeoneIn(work, world, slot)) work.broken |= law.F3
  state[bytes.loc + slot] = places.absent
  for (let hook = 0; hook < world.hooks; hook += 1) {
    if (slotOfHook(work, world, hook) === slot) state[bytes.hook + hook] = hookPlaces.gone
  }
  if (!world.isOpen) return
  state[bytes.kind + slot] = 0
  // The slot's next module is another one.
  for (let at = bytes.frame; at < bytes.frame + limits.callDepth * world.tasks; at += 1) {
    const frame = state[at] as number
    if (frame !== 0 && frameVersion(frame) === slot + 1) state[at] = frame - (slot + 1) + goneVersion
  }
}

/** The slot of the module that an attached program is in, or -1. */
export function slotOfHook({ bytes: state }: Work, world: PackedWorld, hook: number): number {
  const at = (state[bytes.hook + hook] as number) - hookPlaces.first
  return at < 0 ? -1 : (world.hookPlaces[at]?.slot ?? -1)
}

/** A program is attached to a function of a module that is loaded. */
export function attach(work: Work, world: PackedWorld, hook: number, place: number): void {
  work.bytes[bytes.hook + hook] = hookPlaces.first + place
  checkShadows(work, world)
}

/** A program is detached, from a probe that is gone too. */
export function detach({ bytes: state }: Work, hook: number): void {
  state[bytes.hook + hook] = hookPlaces.none
}
