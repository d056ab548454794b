import { coveredHooks } from './packed-coverage.ts'
import { slotOfHook } from './packed-kernel.ts'
import { isRefusedForBystander } from './packed-laws.ts'
import { isBlocked } from './packed-stack.ts'
import { bytes, hookPlaces, isListed, limits, places, type Work } from './packed-state.ts'
import { type HookPlace, type PackedWorld, pairIndex } from './packed-world.ts'

/** What may happen, by the names that it has on the command line's report; the order is that of the search. */
export const moveNames = [
  'attach',
  'insmod',
  'disable',
  'reverse',
  'replaceable',
  'try',
  'switch',
  'call',
  'return',
  'detach',
  'free',
  'rmmod',
  'force'
] as const
export type MoveName = (typeof moveNames)[number]

/** What is refused, and with what. */
export const refusalNames = [
  'insmod EINVAL',
  'insmod EBUSY',
  'disable EBUSY',
  'enable EINVAL',
  'force EINVAL',
  'replaceable EAGAIN',
  'rmmod EAGAIN',
  'attach ENOENT',
  'switch EADDRINUSE'
] as const
type RefusalName = (typeof refusalNames)[number]

const refusalBits = Object.fromEntries(refusalNames.map((name, bit) => [name, 1 << bit])) as Readonly<
  Record<RefusalName, number>
>

const numberOf = Object.fromEntries(moveNames.map((name, number) => [name, number << 8])) as Readonly<
  Record<MoveName, number>
>

/** A move is its name's number and, in the low byte, whom it concerns. */
export function moveName(move: number): MoveName {
  return moveNames[move >> 8] as MoveName
}

export function moveArgument(move: number): number {
  return move & 0xff
}

/** No state leaves more of them open. */
export const movesMax = 512

/** The moves that a state leaves open, and what would be refused there. */
export class Moves {
  readonly list = new Uint16Array(movesMax)
  count = 0
  /** Bits by the places in `refusalNames`. */
  refusals = 0
  /** A load that is refused for the states of a patch which it would not replace; -1 for none. */
  bystanderRefusal = -1
  readonly #without: number

  /** Moves of these names are never made. */
  constructor(without: readonly MoveName[] = []) {
    this.#without = without.reduce((bits, name) => bits | (1 << moveNames.indexOf(name)), 0)
  }

  /** Looks at the state that the work holds. */
  read(work: Work, world: PackedWorld): void {
    this.count = 0
    this.refusals = 0
    this.bystanderRefusal = -1
    work.covered = coveredHooks(work, world)
    this.#attaches(work, world)
    this.#loads(work, world)
    this.#writes(work, world)
    this.#tasks(work, world)
    this.#detaches(work, world)
    this.#lives(work, world)
    const isMoving = work.bytes[bytes.moving] !== 0
    if (isMoving && work.bytes[bytes.isForced] === 0) this.#add(numberOf.force)
  }

  #add(move: number): void {
    if (((this.#without >> (move >> 8)) & 1) === 1) return
    this.list[this.count] = move
    this.count += 1
  }

  #refuse(name: RefusalName): void {
    this.refusals |= refusalBits[name]
  }

  #loads(work: Work, world: PackedWorld): void {
    if (!world.isOpen) {
      for (let slot = 0; slot < world.patches; slot += 1) {
        if (work.bytes[bytes.loc + slot] === places.absent) this.#load(work, world, slot, slot)
      }
      return
    }
    if (freeSlot(work, world) < 0) return
    for (let kind = 0; kind < world.kinds.length; kind += 1) {
      this.#load(work, world, kind, 2 * kind)
      if (world.hasFlag && this.#isLast(2 * kind)) this.#add(numberOf.insmod | (2 * kind + 1))
    }
  }

  #isLast(argument: number): boolean {
    return this.count > 0 && this.list[this.count - 1] === (numberOf.insmod | argument)
  }

  /** Incompatible ones are refused first, in a transition too. */
  #load(work: Work, world: PackedWorld, kind: number, argument: number): void {
    for (let at = 0; at < work.listed; at += 1) {
      const old = work.bytes[bytes.kind + (work.order[at] as number)] as number
      if (world.compatible[pairIndex(kind, old)] === 1) continue
      this.refusals |= 1
      if (this.bystanderRefusal < 0 && isRefusedForBystander(work, world, kind))
        this.bystanderRefusal = numberOf.insmod | argument
      return
    }
    if (work.bytes[bytes.moving] === 0) this.#add(numberOf.insmod | argument)
    else this.refusals |= 2
  }

  #writes({ bytes: state }: Work, world: PackedWorld): void {
    const moving = state[bytes.moving] as number
    for (let slot = 0; slot < world.patches; slot += 1) {
      if (!isListed(state[bytes.loc + slot] as number)) continue
      this.#refuse('enable EINVAL')
      if (moving === slot + 1) {
        this.#add(numberOf.reverse | slot)
        if (world.hasFlag) this.#refuse('replaceable EAGAIN')
        continue
      }
      this.#refuse('force EINVAL')
      if (moving === 0) this.#add(numberOf.disable | slot)
      else this.#refuse('disable EBUSY')
      if (world.hasFlag) this.#add(numberOf.replaceable | slot)
    }
    if (moving !== 0) this.#add(numberOf.try)
  }

  #tasks(work: Work, world: PackedWorld): void {
    const { bytes: state } = work
    const isMoving = state[bytes.moving] !== 0
    for (let task = 0; task < world.tasks; task += 1) {
      const outer = state[bytes.frame + limits.callDepth * task] as number
      if (isMoving && state[bytes.pending + task] === 1) {
        if (outer === 0) this.#add(numberOf.switch | task)
        else if (isBlocked(work, world, task)) this.#refuse('switch EADDRINUSE')
      }
      const inner = state[bytes.frame + limits.callDepth * task + 1] as number
      const depth = outer === 0 ? 0 : inner === 0 ? 1 : 2
      if (depth < world.callDepth) {
        for (let func = 0; func < world.functions.length; func += 1)
          this.#add(numberOf.call | (task * limits.functions + func))
      }
      if (depth > 0) this.#add(numberOf.return | task)
    }
  }

  #attaches({ bytes: state }: Work, world: PackedWorld): void {
    for (let hook = 0; hook < world.hooks; hook += 1) {
      if (state[bytes.hook + hook] !== hookPlaces.none) continue
      for (const place of world.offers[hook] as readonly number[]) {
        const { slot, mask } = world.hookPlaces[place] as HookPlace
        const own = world.masks[state[bytes.kind + slot] as number] as number
        if (state[bytes.loc + slot] === places.absent || (own & mask) === 0) this.#refuse('attach ENOENT')
        else this.#add(numberOf.attach | (hook << 6) | place)
      }
    }
  }

  #detaches({ bytes: state }: Work, world: PackedWorld): void {
    for (let hook = 0; hook < world.hooks; hook += 1) {
      if (state[bytes.hook + hook] !== hookPlaces.none) this.#add(numberOf.detach | hook)
    }
  }

  #lives(work: Work, world: PackedWorld): void {
    const { bytes: state } = work
    for (let slot = 0; slot < world.patches; slot += 1) {
      const loc = state[bytes.loc + slot]
      if (loc === places.absent) continue
      if (loc === places.offList) this.#add(numberOf.free | slot)
      if (loc === places.idle && state[bytes.forced + slot] === 0 && !isHeld(work, world, slot))
        this.#add(numberOf.rmmod | slot)
      else this.#refuse('rmmod EAGAIN')
    }
  }
}

function isHeld(work: Work, world: PackedWorld, slot: number): boolean {
  for (let hook = 0; hook < world.hooks; hook += 1) {
    if (world.hookPins[hook] === 1 && slotOfHook(work, world, hook) === slot) return true
  }
  return false
}

/** The first slot without a module, or -1. */
export function freeSlot({ bytes: state }: Work, world: PackedWorld): number {
  for (let slot = 0; slot < world.patches; slot += 1) {
    if (state[bytes.loc + slot] === places.absent) return slot
  }
  return -1
}
