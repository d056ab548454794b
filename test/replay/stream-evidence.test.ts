import { describe, expect, test } from 'vitest'
import { faultableEvidenceOf } from '../../src/cli/stream-evidence.ts'
import type { StoredEvent } from '../../src/events/index.ts'
import { evidenceFaults } from '../../src/replay/index.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'

/** A stored stream keeps the line that proved each event, so faults can be tried on it without the files. */

describe.each(recordings().slice(0, 3))('the stored stream of $name', (recording) => {
  test('takes faults in the lines that it kept; lines that are there twice change nothing', async () => {
    const { log, stream } = await ingestRecording(recording, () => true)
    const events: StoredEvent[] = []
    for await (const page of log.read({ stream })) events.push(...page)
    await log.dispose()
    const faultable = await faultableEvidenceOf(stream, events)
    const trace = faultable.find(({ source }) => source.endsWith('trace.txt'))
    expect(trace).toBeDefined()
    const outcomes = new Map<string, string | undefined>()
    for (const fault of evidenceFaults) outcomes.set(fault.name, (await trace?.try(fault, 1))?.outcome)
    expect(outcomes.get('duplicated')).toBe('equal')
    expect(outcomes.get('cut')).toBe('unsure')
    // The header that counts proved no event, and is not among the lines that were kept.
    expect(outcomes.get('lost-silently')).toBeUndefined()
  })
})
