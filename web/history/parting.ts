import type { Lane } from './lane.ts'

/**
 * Where two histories part: the first time at which a lane of one goes on otherwise than that of the other.
 * What each says counts, in its order; a few microseconds more or less do not. Null: they never part.
 */
export function partingOf(one: readonly Lane[], other: readonly Lane[]): number | null {
  const others = new Map(other.map((lane) => [lane.key, lane]))
  const keys = new Set([...one, ...other].map(({ key }) => key))
  const ones = new Map(one.map((lane) => [lane.key, lane]))
  const times = [...keys].map((key) => laneParting(ones.get(key), others.get(key)))
  const first = Math.min(...times)
  return Number.isFinite(first) ? first : null
}

function laneParting(one: Lane | undefined, other: Lane | undefined): number {
  const [a, b] = [one?.pieces ?? [], other?.pieces ?? []]
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    const [x, y] = [a[n], b[n]]
    if (x?.text === y?.text && x?.half === y?.half) continue
    return Math.min(x?.from ?? Number.POSITIVE_INFINITY, y?.from ?? Number.POSITIVE_INFINITY)
  }
  return Number.POSITIVE_INFINITY
}
