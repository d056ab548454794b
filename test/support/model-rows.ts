import type { NewEvent, ReadModelRow, StreamFold } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'

/** The read models' rows in memory, each table's by its primary key: what a log would hold. */
export class ModelRows {
  readonly tables = new Map<string, Map<string, ReadModelRow>>()
  #fold: StreamFold = projections.open('toy/0', null)
  #revision = 0

  /** Takes events as one append does. */
  append(events: readonly NewEvent[]): void {
    for (const event of events) {
      this.#revision += 1
      this.#fold.apply({ ...event, position: this.#revision, revision: this.#revision })
    }
    for (const { table, rows } of this.#fold.drain()) {
      const key = projections.tables.find(({ name }) => name === table)?.key ?? []
      const held = this.tables.get(table) ?? new Map<string, ReadModelRow>()
      this.tables.set(table, held)
      for (const row of rows) held.set(JSON.stringify(key.map((column) => row[column])), row)
    }
  }

  /** Spans in the order in which they began. */
  spans(): SpanRow[] {
    const rows = [...(this.tables.get('spans')?.values() ?? [])] as unknown as SpanRow[]
    return rows.sort((a, b) => a.from_position - b.from_position)
  }

  /** All rows of all tables, in one order, as text. */
  dump(): string[] {
    return [...this.tables]
      .flatMap(([table, rows]) => [...rows.values()].map((row) => line(table, row)))
      .sort()
  }
}

export interface SpanRow {
  readonly kind: 'patch' | 'function' | 'hook' | 'transition' | 'doubt'
  readonly subject: string
  readonly from_position: number
  readonly to_position: number | null
  readonly from_ns: bigint
  readonly to_ns: bigint | null
  readonly value: string
}

/** Whether the span holds right behind a position. */
export function holdsAt({ from_position: from, to_position: to }: SpanRow, position: number): boolean {
  return from <= position && (to === null || position < to)
}

function line(table: string, row: ReadModelRow): string {
  return `${table} ${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`
}
