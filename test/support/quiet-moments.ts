import type { SqliteLog } from '../../src/events/index.ts'
import { stackView, stateAt } from '../../src/projections/index.ts'
import { type Recording, type Snapshot, snapshotsOf } from './recordings.ts'

/** The printk clock is off by up to 51 ms, and nothing in a kernel log alone tells by how much. */
const clockErrorNs = 60_000_000n

/** How the patch list at each quiet moment of a recording differs from what was recorded. */
export async function patchListMisses(
  recording: Recording,
  log: SqliteLog,
  stream: string
): Promise<{ total: number; misses: string[] }> {
  const misses: string[] = []
  const moments = quietMoments(recording)
  for (const snapshot of moments) {
    const position = await log.positionAt(stream, BigInt(snapshot.t1) + clockErrorNs)
    const view = stackView(stream, await stateAt(log, stream, position))
    const mine = view.patches.map((patch) => `${patch.name} enabled=${Number(patch.enabled)}`).sort()
    const theirs = listOf(snapshot)
    if (JSON.stringify(mine) === JSON.stringify(theirs)) continue
    misses.push(`${snapshot.label}: ${mine.join()} instead of ${theirs.join()}`)
  }
  return { total: moments.length, misses }
}

/** A snapshot's patches, each with its `enabled`. */
export function listOf(snapshot: Snapshot): string[] {
  return Object.entries(snapshot.livepatch)
    .filter(([path]) => path.endsWith('/enabled'))
    .map(([path, value]) => `${path.slice(0, path.indexOf('/'))} enabled=${value}`)
    .sort()
}

/** Snapshots with no transition under way whose list is still the same in the next one. */
export function quietMoments(recording: Recording): Snapshot[] {
  const snapshots = snapshotsOf(recording)
  return snapshots.filter((snapshot, n) => {
    const next = snapshots[n + 1] ?? snapshot
    const calm = Object.entries(snapshot.livepatch).every(
      ([path, value]) => !path.endsWith('/transition') || value === '0'
    )
    return calm && JSON.stringify(listOf(snapshot)) === JSON.stringify(listOf(next))
  })
}
