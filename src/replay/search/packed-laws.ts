import { bytes, frameVersion, limits, type Work } from './packed-state.ts'
import { isShadowed, sideOf } from './packed-stack.ts'
import { type PackedWorld, pairIndex, scopeIndex } from './packed-world.ts'

/**
 * The invariants of part E that a packed state can break, by their bit. The others are true of every packed state
 * by what it is made of: stacks follow from the list, and only the patch in transition has nops.
 */
export const lawIds = ['T5', 'T7', 'S5', 'S8', 'S9', 'S10', 'S11', 'S15', 'F2', 'F3', 'O6-scope', 'K6'] as const
export type LawId = (typeof lawIds)[number]

export const law = Object.fromEntries(lawIds.map((id, bit) => [id, 1 << bit])) as Readonly<
  Record<LawId, number>
>

/** The patch just enabled has its entries, and nobody has switched: S5, S10, S11, S15. */
export function checkEnabled(work: Work, world: PackedWorld): void {
  const { bytes: state, order, listed } = work
  const kind = state[bytes.kind + (state[bytes.moving] as number) - 1] as number
  let ofSameSet = 0
  for (let at = 0; at < listed - 1; at += 1) {
    const slot = order[at] as number
    const old = state[bytes.kind + slot] as number
    const shared = (world.masks[old] as number) & (state[bytes.nops] as number)
    if (state[bytes.scope + slot] === 0 && shared !== 0) work.broken |= law.S5
    if (!world.hasSets) continue
    if (world.sets[old] === world.sets[kind]) ofSameSet += 1
    else if (
      ((world.masks[old] as number) & (world.masks[kind] as number)) !== 0 ||
      ((world.stateIds[old] as number) & (world.stateIds[kind] as number)) !== 0
    )
      work.broken |= law.S11
  }
  if (ofSameSet > 1) work.broken |= law.S10
  checkShadows(work, world)
}

/** S15, wherever a stack or a program has changed. */
export function checkShadows(work: Work, world: PackedWorld): void {
  for (let hook = 0; hook < world.hooks; hook += 1) {
    if (isShadowed(work, world, hook)) work.broken |= law.S15
  }
}

/** S8: some task is on the side where nops count, and one of them covers what a patch out of scope showed. */
export function checkNopsSeen(work: Work, world: PackedWorld): void {
  const { bytes: state } = work
  if (state[bytes.moving] === 0 || state[bytes.nops] === 0) return
  if ((shownOutOfScope(work, world) & (state[bytes.nops] as number)) === 0) return
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

/** What completion is about to do, against what was so at the enable: S8, S9, and T7 where it takes code away. */
export function checkCompleting(work: Work, world: PackedWorld): void {
  const { bytes: state, order, listed } = work
  const moving = (state[bytes.moving] as number) - 1
  const kind = state[bytes.kind + moving] as number
  const towards = state[bytes.goal] as number
  if (towards === 0) {
    if (state[bytes.everForced] === 0 && isSomeoneIn(work, world, moving)) work.broken |= law.T7
  }
  const shown = state[bytes.isEnable] === 1 ? shownOutOfScope(work, world) : 0
  for (let at = 0; at < listed; at += 1) {
    const slot = order[at] as number
    if (slot === moving) continue
    const old = state[bytes.kind + slot] as number
    const inScope = world.scope[scopeIndex(kind, old, state[bytes.flag + slot] as number)]
    if (state[bytes.isEnable] === 1 && inScope !== state[bytes.scope + slot]) work.broken |= law.S9
    if (towards === 0 || world.replaces[kind] === 0 || inScope === 0) continue
    if (at >= (state[bytes.loc + moving] as number)) continue
    if (state[bytes.everForced] === 0 && isSomeoneIn(work, world, slot)) work.broken |= law.T7
    const isLost = state[bytes.scope + slot] === 0 && (shown & (world.masks[old] as number)) !== 0
    if (isLost && world.tasks > 0) work.broken |= law.S8
  }
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
    const old = state[bytes.kind + slot] as number
    const inScope = world.scope[scopeIndex(kind, old, state[bytes.flag + slot] as number)]
    if (inScope !== world.pins[pairIndex(kind, old)]) work.broken |= law.F2
  }
}

/** O6: who is refused is so for the states of a patch that it would replace, or for a conflict of sets. */
export function isRefusedForBystander({ bytes: state, order, listed }: Work, world: PackedWorld, kind: number): boolean {
  if (world.hasSets) return false
  for (let at = 0; at < listed; at += 1) {
    const slot = order[at] as number
    const old = state[bytes.kind + slot] as number
    if (world.compatible[pairIndex(kind, old)] === 1) continue
    if (world.scope[scopeIndex(kind, old, state[bytes.flag + slot] as number)] === 1) return false
  }
  return true
}
