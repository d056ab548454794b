import type { GapRow } from '../projections/index.ts'
import { milliseconds } from './wording.ts'

/** Who took over, and when. */
export function takeoverText({ takenOver: by, fromNs }: GapRow): string | null {
  if (by === null) return null
  const after = BigInt(by.atNs) - BigInt(fromNs)
  return after === 0n ? `${by.program} at once` : `${by.program} after ${milliseconds(after)} ms`
}
