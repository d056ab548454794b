import {
  bytes,
  frameFunction,
  frameVersion,
  hookPlaces,
  isListed,
  limits,
  originalVersion,
  type Work
} from './packed-state.ts'
import type { PackedWorld } from './packed-world.ts'

/** The functions that the slot's patch has an entry for, its nops among them. */
export function entriesOf({ bytes: state }: Work, world: PackedWorld, slot: number): number {
  const own = world.masks[state[bytes.kind + slot] as number] as number
  return state[bytes.moving] === slot + 1 ? own | (state[bytes.nops] as number) : own
}

/** What an entry of the slot runs: a nop the original. */
function versionOfEntry({ bytes: state }: Work, slot: number, func: number): number {
  const isNop = state[bytes.moving] === slot + 1 && (((state[bytes.nops] as number) >> func) & 1) === 1
  return isNop ? originalVersion : slot + 1
}

/** klp_ftrace_handler(): what a task on this side of the transition (0 unpatched, 1 patched) runs. */
export function versionAtSide(work: Work, world: PackedWorld, func: number, side: number): number {
  let isTop = true
  for (let at = work.listed - 1; at >= 0; at -= 1) {
    const slot = work.order[at] as number
    if (((entriesOf(work, world, slot) >> func) & 1) === 0) continue
    if (isTop && side === 0 && work.bytes[bytes.moving] === slot + 1) {
      isTop = false
      continue
    }
    return versionOfEntry(work, slot, func)
  }
  return originalVersion
}

/** The side of the transition that the task is on. */
export function sideOf({ bytes: state }: Work, task: number): number {
  return (state[bytes.goal] as number) ^ (state[bytes.pending + task] as number)
}

/** The slot whose entry is on top of the function's stack, or -1. */
function topOf(work: Work, world: PackedWorld, func: number): number {
  for (let at = work.listed - 1; at >= 0; at -= 1) {
    const slot = work.order[at] as number
    if (((entriesOf(work, world, slot) >> func) & 1) === 1) return slot
  }
  return -1
}

/** klp_check_stack_func(): the version of the function that must not be on a switching task's stack. */
function checkedVersion(work: Work, world: PackedWorld, func: number): number {
  const { bytes: state, order } = work
  const slot = (state[bytes.moving] as number) - 1
  if (state[bytes.goal] === 0) return versionOfEntry(work, slot, func)
  for (let at = (state[bytes.loc + slot] as number) - 2; at >= 0; at -= 1) {
    const below = order[at] as number
    if (((entriesOf(work, world, below) >> func) & 1) === 1) return versionOfEntry(work, below, func)
  }
  return originalVersion
}

/** Whether the task sleeps in a version that the transition would change under it. */
export function isBlocked(work: Work, world: PackedWorld, task: number): boolean {
  const { bytes: state } = work
  const entries = entriesOf(work, world, (state[bytes.moving] as number) - 1)
  for (let depth = 0; depth < limits.callDepth; depth += 1) {
    const frame = state[bytes.frame + 2 * task + depth] as number
    if (frame === 0) return false
    const func = frameFunction(frame)
    if (((entries >> func) & 1) === 1 && frameVersion(frame) === checkedVersion(work, world, func))
      return true
  }
  return false
}

/** Whether a patch lies over the one that an attached program is in, for all functions that it is there for. */
export function isShadowed(work: Work, world: PackedWorld, hook: number): boolean {
  const { bytes: state } = work
  const at = (state[bytes.hook + hook] as number) - hookPlaces.first
  if (at < 0) return false
  const { slot, mask } = world.hookPlaces[at] as { slot: number; mask: number }
  if (!isListed(state[bytes.loc + slot] as number)) return false
  const own = mask & (world.masks[state[bytes.kind + slot] as number] as number)
  for (let func = 0; func < world.functions.length; func += 1) {
    if (((own >> func) & 1) === 1 && topOf(work, world, func) === slot) return false
  }
  return own !== 0
}
