import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { patchListMisses } from '../support/quiet-moments.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'

/**
 * One kind of evidence alone, with the manifest that says what the patches are made of: the list of patches
 * must be right at every quiet moment, that is at every snapshot during which the list did not change.
 */

const totals = new Map<string, { matched: number; total: number }>()

describe.each(['dmesg.txt', 'bpftrace.jsonl'])('%s alone', (kind) => {
  const having = recordings().filter((recording) => existsSync(join(recording.path, kind)))

  test.each(having)('rebuilds the patch list of $name', async (recording) => {
    const { log, stream } = await ingestRecording(recording, (file) => file === kind)
    const { total, misses } = await patchListMisses(recording, log, stream)
    await log.dispose()
    const sum = totals.get(kind) ?? { matched: 0, total: 0 }
    totals.set(kind, { matched: sum.matched + total - misses.length, total: sum.total + total })
    expect(misses).toEqual([])
  })
})

afterAll(() => {
  for (const [kind, { matched, total }] of totals)
    console.log(`${kind} alone: ${matched} of ${total} quiet moments match`)
})
