import { checkCoverage } from './packed-coverage.ts'
import {
  attach,
  call,
  detach,
  disable,
  enable,
  force,
  leaveCall,
  mark,
  reverse,
  switchTask,
  tryToComplete,
  unload
} from './packed-kernel.ts'
import { freeSlot, moveNames } from './packed-moves.ts'
import { bytes, places, type Work } from './packed-state.ts'
import type { PackedWorld } from './packed-world.ts'

/** Makes a move that the state leaves open, which was read before. */
export function makeMove(work: Work, world: PackedWorld, move: number): void {
  perform(work, world, move)
  checkCoverage(work, world, work.covered)
}

function perform(work: Work, world: PackedWorld, move: number): void {
  const argument = move & 0xff
  switch (moveNames[move >> 8]) {
    case 'insmod':
      if (world.isOpen) enable(work, world, freeSlot(work, world), argument >> 1, argument & 1)
      else enable(work, world, argument, argument, world.flags[argument] as number)
      return
    case 'disable':
      disable(work, world, argument)
      return
    case 'reverse':
      reverse(work, world)
      return
    case 'replaceable':
      mark(work, world, argument)
      return
    case 'try':
      tryToComplete(work, world)
      return
    case 'switch':
      switchTask(work, world, argument)
      return
    case 'call':
      call(work, world, argument >> 2, argument & 3)
      return
    case 'return':
      leaveCall(work, argument)
      return
    case 'attach':
      attach(work, world, argument >> 6, argument & 0x3f)
      return
    case 'detach':
      detach(work, argument)
      return
    case 'free':
      work.bytes[bytes.loc + argument] = places.idle
      return
    case 'rmmod':
      unload(work, world, argument)
      return
    case 'force':
      force(work, world)
      return
    case undefined:
      throw new RangeError(`there is no move ${move}`)
  }
}
