import { afterAll, describe, expect, test } from 'vitest'
import { faultableEvidenceOf } from '../../src/cli/stream-evidence.ts'
import type { StoredEvent } from '../../src/events/index.ts'
import { evidenceFaults } from '../../src/replay/index.ts'
import { FaultTable } from '../support/fault-table.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'

/** A stored stream keeps the line that proved each event, so faults can be tried on it without the files. */

const table = new FaultTable()

describe.each(recordings().slice(0, 6))('the stored stream of $name', (recording) => {
  test('takes faults in the lines that it kept, and answers nothing silently wrong', {
    timeout: 600_000
  }, async () => {
    const { log, stream } = await ingestRecording(recording, () => true)
    const events: StoredEvent[] = []
    for await (const page of log.read({ stream })) events.push(...page)
    await log.dispose()
    const faultable = await faultableEvidenceOf(stream, events)
    const trace = faultable.find(({ source }) => source.endsWith('trace.txt'))
    const wrong: string[] = []
    for (const fault of evidenceFaults) {
      for (let seed = 0; seed < 3; seed++) {
        const comparison = (await trace?.try(fault, seed)) ?? null
        if (comparison === null) continue
        table.add(recording.name, fault.name, comparison)
        if (comparison.outcome === 'wrong' && fault.unknowable === null)
          wrong.push(`${fault.name} at seed ${seed}: ${comparison.wrong.fromNs}: ${comparison.wrong.what}`)
      }
    }
    expect(trace).toBeDefined()
    expect(wrong).toEqual([])
  })
})

afterAll(() => console.log(table.text()))
