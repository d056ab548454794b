import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { FaultableEvidence } from '../../src/cli/evidence-faults.ts'
import { evidenceFaults } from '../../src/replay/index.ts'
import { documentedSums, FaultTable, faultPlaces } from '../support/fault-table.ts'
import { type Recording, recordings, sourcesOf } from '../support/recordings.ts'

/**
 * Each fault in the evidence at places of chance of every recording's trace. Whatever the projections answer then is
 * right, or is marked as unsure, or is such as no evidence could show to be wrong: never silently wrong.
 */

const page = fileURLToPath(new URL('../../docs/evidence-faults.md', import.meta.url))
const mark =
  '<!-- What follows is written by the test of this page: UPDATE_DOCS=1 KLPLOG_FAULT_PLACES=200 npx vitest run test/replay/evidence-faults.test.ts -->'

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
        if (comparison.outcome !== 'wrong' || comparison.hidden) continue
        wrong.push(`${fault.name} at seed ${seed}: ${comparison.wrong.fromNs}: ${comparison.wrong.what}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

test('docs/evidence-faults.md has every fault, and none after which an answer stays wrong', () => {
  const sums = documentedSums(page)
  expect([...sums.keys()]).toEqual(evidenceFaults.map(({ name }) => name))
  for (const [fault, [places = 0, ...outcomes]] of sums) {
    expect(places, fault).toBeGreaterThan(0)
    expect(
      outcomes.reduce((sum, count) => sum + count, 0),
      fault
    ).toBe(places)
    expect(outcomes.at(-1), fault).toBe(0)
  }
})

afterAll(() => {
  if (process.env.UPDATE_DOCS === undefined) return
  const text = readFileSync(page, 'utf8')
  writeFileSync(page, `${text.slice(0, text.indexOf(mark) + mark.length)}\n\n${table.markdown()}`)
})
