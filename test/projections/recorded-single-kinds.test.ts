import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stackView, stateAt } from '../../src/projections/index.ts'
import {
  ingestRecording,
  type Recording,
  recordings,
  type Snapshot,
  snapshotsOf
} from '../support/recordings.ts'

/**
 * One kind of evidence alone, with the manifest that says what the patches are made of: the list of patches
 * must be right at every quiet moment, that is at every snapshot during which the list did not change.
 */

const totals = new Map<string, { matched: number; total: number }>()

async function patchListMisses(recording: Recording, kind: string): Promise<string[]> {
  const { log, stream } = await ingestRecording(recording, (file) => file === kind)
  const total = totals.get(kind) ?? { matched: 0, total: 0 }
  totals.set(kind, total)
  const misses: string[] = []
  const snapshots = snapshotsOf(recording)
  for (const snapshot of quiet(snapshots)) {
    const position = await log.positionAt(stream, BigInt(snapshot.t1) + clockErrorNs)
    const view = stackView(stream, await stateAt(log, stream, position))
    const mine = view.patches.map((patch) => `${patch.name} enabled=${Number(patch.enabled)}`).sort()
    const theirs = listOf(snapshot)
    total.total += 1
    if (JSON.stringify(mine) === JSON.stringify(theirs)) total.matched += 1
    else misses.push(`${snapshot.label}: ${mine.join()} instead of ${theirs.join()}`)
  }
  await log.dispose()
  return misses
}

/** The printk clock is off by up to 51 ms, and nothing in the log alone tells by how much. */
const clockErrorNs = 60_000_000n

function listOf(snapshot: Snapshot): string[] {
  return Object.entries(snapshot.livepatch)
    .filter(([path]) => path.endsWith('/enabled'))
    .map(([path, value]) => `${path.slice(0, path.indexOf('/'))} enabled=${value}`)
    .sort()
}

/** Snapshots with no transition under way whose list is still the same in the next one. */
function quiet(snapshots: readonly Snapshot[]): Snapshot[] {
  return snapshots.filter((snapshot, n) => {
    const next = snapshots[n + 1] ?? snapshot
    const calm = Object.entries(snapshot.livepatch).every(
      ([path, value]) => !path.endsWith('/transition') || value === '0'
    )
    return calm && JSON.stringify(listOf(snapshot)) === JSON.stringify(listOf(next))
  })
}

describe.each(['dmesg.txt', 'bpftrace.jsonl'])('%s alone', (kind) => {
  const having = recordings().filter((recording) => existsSync(join(recording.path, kind)))

  test.each(having)('rebuilds the patch list of $name', async (recording) => {
    expect(await patchListMisses(recording, kind)).toEqual([])
  })
})

afterAll(() => {
  for (const [kind, { matched, total }] of totals)
    console.log(`${kind} alone: ${matched} of ${total} quiet moments match`)
})
