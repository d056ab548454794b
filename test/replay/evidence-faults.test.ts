import { afterAll, describe, expect, test } from 'vitest'
import { FaultableEvidence } from '../../src/cli/evidence-faults.ts'
import { evidenceFaults } from '../../src/replay/index.ts'
import { FaultTable, faultPlaces } from '../support/fault-table.ts'
import { type Recording, recordings, sourcesOf } from '../support/recordings.ts'

/**
 * Each fault in the evidence at places of chance of every recording's trace. Whatever the projections answer then is
 * right, or is marked as unsure: never silently wrong, but for what a fault's `unknowable` says of it.
 */

const table = new FaultTable()

async function evidenceOf(
  recording: Recording,
  accept: (file: string) => boolean
): Promise<FaultableEvidence> {
  const sources = await sourcesOf(recording, accept)
  const trace = sources.find(({ source }) => source.fileName === 'trace.txt')
  if (trace === undefined) throw new Error(`${recording.name} has no trace`)
  return FaultableEvidence.open(sources, trace, {
    stream: `${recording.name}/0`,
    policy: recording.policy,
    bootTimeNs: null
  })
}

describe.each(recordings())('$name', (recording) => {
  test('a fault in its trace makes no answer silently wrong', { timeout: 3_600_000 }, async () => {
    const evidence = await evidenceOf(recording, () => true)
    const wrong: string[] = []
    for (const fault of evidenceFaults) {
      for (let seed = 0; seed < faultPlaces; seed++) {
        const comparison = await evidence.try(fault, seed)
        if (comparison === null) continue
        table.add(recording.name, fault.name, comparison)
        if (comparison.outcome !== 'wrong' || fault.unknowable !== null) continue
        wrong.push(`${fault.name} at seed ${seed}: ${comparison.wrong.fromNs}: ${comparison.wrong.what}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

afterAll(() => console.log(table.text()))
