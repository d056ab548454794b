import type { Comparison } from '../../src/replay/index.ts'

/** How many places of chance each fault is tried at. The acceptance is 200; the suite takes fewer, for its time. */
export const faultPlaces = Number(process.env.KLPLOG_FAULT_PLACES ?? 5)

interface Cell {
  equal: number
  unsure: number
  /** Wrong for a time, until later evidence showed it. */
  late: number
  /** Wrong to the end. */
  wrong: number
}

/** What faults did to the answers, as `equal/unsure/late/wrong` for each recording and fault. */
export class FaultTable {
  readonly #rows = new Map<string, Map<string, Cell>>()

  add(recording: string, fault: string, comparison: Comparison): void {
    for (const row of [recording, 'all']) {
      const cells = this.#rows.get(row) ?? new Map<string, Cell>()
      this.#rows.set(row, cells)
      const cell = cells.get(fault) ?? { equal: 0, unsure: 0, late: 0, wrong: 0 }
      cells.set(fault, cell)
      if (comparison.outcome !== 'wrong') cell[comparison.outcome] += 1
      else cell[comparison.wrong.noticed ? 'late' : 'wrong'] += 1
    }
  }

  /** Recordings down, faults across. */
  text(): string {
    const rows = [...this.#rows].sort(
      ([a], [b]) => Number(a === 'all') - Number(b === 'all') || (a < b ? -1 : 1)
    )
    const faults = [...(this.#rows.get('all')?.keys() ?? [])]
    const lines = [['equal/unsure/late/wrong', ...faults]]
    for (const [name, cells] of rows) {
      const told = faults.map((fault) => {
        const cell = cells.get(fault)
        return cell === undefined ? '-' : `${cell.equal}/${cell.unsure}/${cell.late}/${cell.wrong}`
      })
      lines.push([name, ...told])
    }
    const widths = lines[0]?.map((_, n) => Math.max(...lines.map((line) => line[n]?.length ?? 0))) ?? []
    return lines
      .map((line) =>
        line
          .map((text, n) => text.padEnd(widths[n] ?? 0))
          .join('  ')
          .trimEnd()
      )
      .join('\n')
  }
}
