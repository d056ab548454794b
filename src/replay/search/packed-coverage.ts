import { law } from './packed-laws.ts'
import { sideOf, versionAtSide } from './packed-stack.ts'
import { bytes, hookPlaces, type Work } from './packed-state.ts'
import type { HookPlace, PackedWorld } from './packed-world.ts'

/** The programs that every call reaches, as bits: a move may lose them (K6). */
export function coveredHooks(work: Work, world: PackedWorld): number {
  let covered = 0
  for (let hook = 0; hook < world.hooks; hook += 1) {
    const place = placeOf(work, world, hook)
    if (place !== null && reachedFrom(work, world, place, 0) && reachedFrom(work, world, place, 1))
      covered |= 1 << hook
  }
  return covered
}

/**
 * K6: a program that every call reached is there and misses those of some task, with no other in its place. That it
 * lost calls before, and never had them back, only the invariant itself knows.
 */
export function checkCoverage(work: Work, world: PackedWorld, covered: number): void {
  if (covered === 0) return
  for (let hook = 0; hook < world.hooks; hook += 1) {
    if (((covered >> hook) & 1) === 0) continue
    const place = placeOf(work, world, hook)
    if (place === null || hasRival(work, world, hook, place)) continue
    if (isMissed(work, world, place)) work.broken |= law.K6
  }
}

function isMissed(work: Work, world: PackedWorld, place: HookPlace): boolean {
  const isMoving = work.bytes[bytes.moving] !== 0
  if (!isMoving || world.tasks === 0) return !reachedFrom(work, world, place, 1) && !isMoving
  for (let task = 0; task < world.tasks; task += 1) {
    if (!reachedFrom(work, world, place, sideOf(work, task))) return true
  }
  return false
}

/** Whether calls on this side of the transition get to the place, by one of its functions at least. */
function reachedFrom(work: Work, world: PackedWorld, { slot, mask }: HookPlace, side: number): boolean {
  for (let func = 0; func < world.functions.length; func += 1) {
    if (((mask >> func) & 1) === 1 && versionAtSide(work, world, func, side) === slot + 1) return true
  }
  return false
}

function placeOf({ bytes: state }: Work, world: PackedWorld, hook: number): HookPlace | null {
  const at = (state[bytes.hook + hook] as number) - hookPlaces.first
  return at < 0 ? null : (world.hookPlaces[at] ?? null)
}

/** Whether another program is there for the same function. */
function hasRival(work: Work, world: PackedWorld, hook: number, { mask }: HookPlace): boolean {
  for (let other = 0; other < world.hooks; other += 1) {
    const place = other === hook ? null : placeOf(work, world, other)
    if (place !== null && (place.mask & mask) !== 0) return true
  }
  return false
}
