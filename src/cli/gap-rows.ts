import type { Gap } from '../projections/index.ts'
import { milliseconds } from './wording.ts'

/** A gap as JSON has it. */
export type GapRow = ReturnType<typeof rowOf>

export function rowOf(gap: Gap) {
  const { program, function: name, fromNs, toNs, task, reason, takenOver, unsure } = gap
  return {
    program,
    function: name,
    fromNs: String(fromNs),
    toNs: toNs === null ? null : String(toNs),
    durationNs: toNs === null ? null : String(toNs - fromNs),
    task,
    reason,
    takenOver: takenOver === null ? null : { program: takenOver.program, atNs: String(takenOver.atNs) },
    unsure
  }
}

/** Who took over, and when. */
export function takeoverText({ takenOver: by, fromNs }: GapRow): string | null {
  if (by === null) return null
  const after = BigInt(by.atNs) - BigInt(fromNs)
  return after === 0n ? `${by.program} at once` : `${by.program} after ${milliseconds(after)} ms`
}
