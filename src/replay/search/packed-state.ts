/** The most that a packed state has room for. */
export const limits = { patches: 5, functions: 4, tasks: 4, hooks: 3, callDepth: 2, kinds: 64 } as const

/**
 * A state of a small world as bytes, one field each: the form in which it is worked at. A patch stands in a slot, and
 * its func_stacks follow from the list's order, from what patches change and from the nops of the one in transition.
 */
export const bytes = {
  /** Where the slot's module is: one of `places`, or from 1 on its place in klp_patches. */
  loc: 0,
  /** What the slot's patch changes, as a number of the world's kinds. */
  kind: 5,
  /** klp_patch.forced; of a module whose patch is gone, that its reference is never dropped. */
  forced: 10,
  /** klp_patch.replaceable. */
  flag: 15,
  /** Whether the patch was in scope when the one in transition was enabled. */
  scope: 20,
  /** The patch in transition: its slot and one, 0 for none. */
  moving: 25,
  /** 1 towards patched. */
  goal: 26,
  /** The transition was forced, and not reversed since. */
  isForced: 27,
  /** It began with an enable. */
  isEnable: 28,
  /** The functions that the patch in transition has a nop for, as bits. */
  nops: 29,
  /** Some transition was forced at some time. */
  everForced: 30,
  /** TIF_PATCH_PENDING by task. */
  pending: 31,
  /** Two by task, outermost first: 0, or 1 + 8 * function + version. */
  frame: 35,
  /** By hook: one of `hookPlaces`, or from 2 on the number of its place. */
  hook: 43,
  /** A whole number of words. */
  size: 48
} as const

export const places = { absent: 0, offList: 6, idle: 7 } as const
export const hookPlaces = { none: 0, gone: 1, first: 2 } as const

/** Versions of a function: the original, slot and one, and in worlds whose slots are used again what is unloaded. */
export const originalVersion = 0
export const goneVersion = 6

export function isListed(loc: number): boolean {
  return loc >= 1 && loc <= limits.patches
}

export function frameOf(func: number, version: number): number {
  return 1 + 8 * func + version
}

export function frameFunction(frame: number): number {
  return (frame - 1) >> 3
}

export function frameVersion(frame: number): number {
  return (frame - 1) & 7
}

/** A state while an operation changes it. */
export interface Work {
  readonly bytes: Uint8Array
  /** klp_patches: slots in list order, the oldest first. */
  readonly order: Uint8Array
  /** The bytes, and the order behind them, four at a time. */
  readonly words: Int32Array
  listed: number
  /** The invariants that the operation has broken, as bits. */
  broken: number
  /** The programs that every call reached before it, as bits. */
  covered: number
}

export function newWork(): Work {
  const words = new Int32Array(bytes.size / 4 + 2)
  return {
    bytes: new Uint8Array(words.buffer, 0, bytes.size),
    order: new Uint8Array(words.buffer, bytes.size, limits.patches),
    words,
    listed: 0,
    broken: 0,
    covered: 0
  }
}

/** Starts over from a state, nothing of it broken yet. */
export function copyWork(work: Work, from: Work): void {
  const { words } = work
  const others = from.words
  for (let at = 0; at < words.length; at += 1) words[at] = others[at] as number
  work.listed = from.listed
  work.covered = from.covered
  work.broken = 0
}

/** Starts over from the bytes of a state. */
export function loadBytes(work: Work, from: Uint8Array): void {
  work.bytes.set(from)
  work.broken = 0
  readOrder(work)
}

/** Reads the list's order out of the bytes. */
export function readOrder(work: Work): void {
  const { bytes: state, order } = work
  let listed = 0
  for (let slot = 0; slot < limits.patches; slot += 1) {
    const loc = state[bytes.loc + slot] as number
    if (!isListed(loc)) continue
    order[loc - 1] = slot
    listed += 1
  }
  work.listed = listed
}
