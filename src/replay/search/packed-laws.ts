import { isShadowed, sideOf } from './packed-stack.ts'
import { bytes, frameVersion, limits, type Work } from './packed-state.ts'
import { type PackedWorld, pairIndex, scopeIndex } from './packed-world.ts'

/**
 * The invariants of part E that a packed state can break, by their bit. The others are true of every packed state
 * by what it is made of: stacks follow from the list, and only the patch in transition has nops.
 */
export const lawIds = [
  'T5',
  'T7',
  'S5',
  'S6',
  'S8',
  'S9',
  'S10',
  'S11',
  'S15',
  'F2',
  'F3',
  'O6-scope',
  'K6'
] as const
export type LawId = (typeof lawIds)[number]

export const law = Object.fromEntries(lawIds.map((id, bit) => [id, 1 << bit])) as Readonly<
  Record<LawId, number>
>

/** S5: a nop of the patch in transition covers a function of one that it does not replace. */
export function checkNops(work: Work, world: PackedWorld): void {
  const { bytes: state, order, listed } = work
  const moving = (state[bytes.moving] as number) - 1
  if (state[bytes.nops] === 0 || moving < 0) return
  const kind = state[bytes.kind + moving] as number
  for (let at = 0; at < listed; at += 1) {
    const slot = order[at] as number
    const old = state[bytes.kind + slot] as number
    if (slot === moving || inScope(work, world, kind, slot) === 1) continue
    if (((world.masks[old] as number) & (state[bytes.nops] as number)) !== 0) work.broken |= law.S5
  }
}

/** Whether a patch of the kind takes over from the one in the slot, as things are now. */
function inScope({ bytes: state }: Work, world: PackedWorld, kind: number, slot: number): number {
  const old = state[bytes.kind + slot] as number
  return world.scope[scopeIndex(kind, old, state[bytes.flag + slot] as number)] as number
}

/** S10 and S11, when a patch has come to the list. */
export function checkSets(work: Work, world: PackedWorld): void {
  if (!world.hasSets) return
  const { bytes: state, order, listed } = work
  const kind = state[bytes.kind + (order[listed - 1] as number)] as number
  let ofSameSet = 1
  for (let at = 0; at < listed - 1; at += 1) {
    const old = state[bytes.kind + (order[at] as number)] as number
    const isSame = world.sets[old] === world.sets[kind]
    const shared =
      ((world.masks[old] as number) & (world.masks[kind] as number)) |
      ((world.stateIds[old] as number) & (world.stateIds[kind] as number))
    if (isSame) ofSameSet += 1
    else if (shared !== 0) work.broken |= law.S11
  }
  if (ofSameSet > (state[bytes.moving] === 0 ? 1 : 2)) work.broken |= law.S10
}

/** S15, wherever a stack or a program has changed. */
export function checkShadows(work: Work, world: PackedWorld): void {
  for (let hook = 0; hook < world.hooks; hook += 1) {
    if (isShadowed(work, world, hook)) work.broken |= law.S15
  }
}

/**
 * S8: somebody is on the side where nops count, and one of them covers what a patch out of scope showed. Behind a
 * reverse the invariant takes it that somebody is there, for it does not ask who there is; a force sends everybody to
 * the goal's side.
 */
export function checkNopsSeen(work: Work, world: PackedWorld, isCompleting: boolean): void {
  const { bytes: state } = work
  if (state[bytes.moving] === 0 || state[bytes.nops] === 0) return
  if ((shownOutOfScope(work, world) & (state[bytes.nops] as number)) === 0) return
  const isReversed = state[bytes.goal] === 0
  if (!isCompleting && isReversed !== (state[bytes.isForced] === 1)) work.broken |= law.S8
  if (isCompleting && !isReversed) work.broken |= law.S8
  for (let task = 0; task < world.tasks; task += 1) {
    if (sideOf(work, task) === 1) work.broken |= law.S8
  }
}

/** The functions that patches out of scope showed when the one in transition was enabled, leaving out its own. */
function shownOutOfScope(work: Work, world: PackedWorld): number {
  const { bytes: state, order, listed } = work
  const moving = (state[bytes.moving] as number) - 1
  let open = ~(world.masks[state[bytes.kind + moving] as number] as number)
  let shown = 0
  // From the top of the list down the first patch with the function is the one that showed it.
  for (let at = listed - 1; at >= 0; at -= 1) {
    const slot = order[at] as number
    if (slot === moving) continue
    const own = (world.masks[state[bytes.kind + slot] as number] as number) & open
    if (state[bytes.scope + slot] === 0) shown |= own
    open &= ~own
  }
  return shown
}

/** What completion is about to do: S9, S6 where it frees nops, T7 where it takes code away. */
export function checkCompleting(work: Work, world: PackedWorld): void {
  const { bytes: state, order, listed } = work
  const moving = (state[bytes.moving] as number) - 1
  const kind = state[bytes.kind + moving] as number
  const isCareful = state[bytes.everForced] === 0
  checkNopsSeen(work, world, true)
  if (state[bytes.goal] === 0) {
    if (isCareful && isSomeoneIn(work, world, moving)) work.broken |= law.T7
    return
  }
  let left = 0
  for (let at = 0; at < listed; at += 1) {
    const slot = order[at] as number
    if (slot === moving) continue
    const isInScope = inScope(work, world, kind, slot)
    const isScopeRead = world.hasFlag && world.replaces[kind] === 1 && state[bytes.isEnable] === 1
    if (isScopeRead && isInScope !== state[bytes.scope + slot]) work.broken |= law.S9
    const isRemoved =
      world.replaces[kind] === 1 && isInScope === 1 && at < (state[bytes.loc + moving] as number)
    if (isRemoved && isCareful && isSomeoneIn(work, world, slot)) work.broken |= law.T7
    if (!isRemoved) left |= world.masks[state[bytes.kind + slot] as number] as number
  }
  if ((left & (state[bytes.nops] as number)) !== 0) work.broken |= law.S6
}

/** Whether a task is in code of the slot's module. */
export function isSomeoneIn({ bytes: state }: Work, world: PackedWorld, slot: number): boolean {
  for (let at = 0; at < limits.callDepth * world.tasks; at += 1) {
    const frame = state[bytes.frame + at] as number
    if (frame !== 0 && frameVersion(frame) === slot + 1) return true
  }
  return false
}

/** F2: a force pins those that the transition removes, and nobody else. */
export function checkForced(work: Work, world: PackedWorld): void {
  const { bytes: state, order, listed } = work
  const moving = (state[bytes.moving] as number) - 1
  const kind = state[bytes.kind + moving] as number
  if (state[bytes.goal] === 0 || world.replaces[kind] === 0) return
  for (let at = 0; at < listed; at += 1) {
    const slot = order[at] as number
    if (slot === moving) continue
    const isRemoved = at < (state[bytes.loc + moving] as number) && inScope(work, world, kind, slot) === 1
    const isPinned = world.pins[pairIndex(kind, state[bytes.kind + slot] as number)] === 1
    if (isPinned && !isRemoved) work.broken |= law.F2
  }
}

/** O6: who is refused is so for the states of a patch that it would replace, or for a conflict of sets. */
export function isRefusedForBystander(work: Work, world: PackedWorld, kind: number): boolean {
  const { bytes: state, order, listed } = work
  if (!world.hasFlag) return false
  for (let at = 0; at < listed; at += 1) {
    const slot = order[at] as number
    const old = state[bytes.kind + slot] as number
    if (world.compatible[pairIndex(kind, old)] === 1) continue
    if (inScope(work, world, kind, slot) === 1) return false
  }
  return true
}
