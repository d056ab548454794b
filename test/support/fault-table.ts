import { readFileSync } from 'node:fs'
import { type Comparison, evidenceFaults } from '../../src/replay/index.ts'

/** How many places of chance each fault is tried at. The document's table is of 200; the suite takes fewer, for its time. */
export const faultPlaces = Number(process.env.KLPLOG_FAULT_PLACES ?? 5)

/** What became of the answers, in the order in which tables have it. */
const outcomes = ['equal', 'unsure', 'hidden', 'late', 'wrong'] as const
type Outcome = (typeof outcomes)[number]
type Cell = Record<Outcome, number>

/** What faults did to the answers, for each recording and fault. */
export class FaultTable {
  readonly #rows = new Map<string, Map<string, Cell>>()

  add(recording: string, fault: string, comparison: Comparison): void {
    const cells = this.#rows.get(recording) ?? new Map<string, Cell>()
    this.#rows.set(recording, cells)
    const cell = cells.get(fault) ?? { equal: 0, unsure: 0, hidden: 0, late: 0, wrong: 0 }
    cells.set(fault, cell)
    cell[outcomeOf(comparison)] += 1
  }

  /** As Markdown: what each fault did in all recordings, and what it did in each. */
  markdown(): string {
    const recordings = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))
    const faults = evidenceFaults.filter(({ name }) => recordings.some(([, cells]) => cells.has(name)))
    const summed = faults.map(({ name, says }) => {
      const cells = recordings.flatMap(([, row]) => row.get(name) ?? [])
      const sums = outcomes.map((outcome) => cells.reduce((sum, cell) => sum + cell[outcome], 0))
      return [`\`${name}\``, says, String(sums.reduce((a, b) => a + b)), ...sums.map(String)]
    })
    const each = recordings.map(([recording, cells]) => [
      recording,
      ...faults.map(({ name }) => {
        const cell = cells.get(name)
        return cell === undefined ? '' : outcomes.map((outcome) => cell[outcome]).join('/')
      })
    ])
    return [
      `Each fault at ${faultPlaces} seeded places of the trace of each of ${recordings.length} recordings.`,
      '',
      ...markdownTable(
        ['Fault', 'What goes wrong', 'Places', 'Equal', 'Unsure', 'Hidden', 'Wrong for a time', 'Wrong'],
        summed
      ),
      '',
      'By recording, as equal/unsure/hidden/wrong for a time/wrong:',
      '',
      ...markdownTable(['Recording', ...faults.map(({ name }) => `\`${name}\``)], each),
      ''
    ].join('\n')
  }
}

/** The sums of a document's first table: places, and then each outcome's, by fault. */
export function documentedSums(path: string): Map<string, number[]> {
  const rows = readFileSync(path, 'utf8').matchAll(/^\| `([a-z-]+)` \| [^|]+ \|((?: \d+ \|)+)$/gm)
  return new Map(
    [...rows].map(([, fault = '', cells = '']) => [fault, cells.split('|').slice(0, -1).map(Number)])
  )
}

function outcomeOf(comparison: Comparison): Outcome {
  if (comparison.outcome !== 'wrong') return comparison.outcome
  if (comparison.hidden) return 'hidden'
  return comparison.wrong.noticed ? 'late' : 'wrong'
}

function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)]
}
