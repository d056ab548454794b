import type { Kysely, Migration } from 'kysely'
import { dialectOf } from '../../migrations/dialect.ts'
import type { ReadModel, ReadModelRow, RevisedEvent, StreamFold } from '../../src/events/index.ts'

/** Tables of the read model below. */
export const sampleMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const dialect = dialectOf(db)
    await dialect
      .strict(db.schema.createTable('sample_counts'))
      .addColumn('stream_id', 'integer', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('events', 'integer', (column) => column.notNull())
      .addColumn('last_ns', dialect.int64, (column) => column.notNull())
      .addPrimaryKeyConstraint('sample_counts_key', ['stream_id', 'type'])
      .execute()
    await dialect
      .strict(db.schema.createTable('sample_snapshots'))
      .addColumn('stream_id', 'integer', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('sample_snapshots_key', ['stream_id', 'revision'])
      .execute()
  }
}

const snapshotEvery = 7

/** Counts events of each type, with a snapshot at every seventh revision. A comm of `trip` makes it throw. */
export const sampleModel: ReadModel = {
  name: 'sample counts',
  version: 1,
  tables: [
    { name: 'sample_counts', key: ['type'] },
    { name: 'sample_snapshots', key: ['revision'] }
  ],
  snapshotTable: 'sample_snapshots',
  open: (_stream, state) => new SampleFold(state)
}

class SampleFold implements StreamFold {
  readonly #counts: Map<string, { events: number; lastNs: bigint }>
  readonly #changed = new Set<string>()
  #snapshots: ReadModelRow[] = []

  constructor(state: string | null) {
    const entries = state === null ? [] : (JSON.parse(state) as [string, number, string][])
    this.#counts = new Map(
      entries.map(([type, events, lastNs]) => [type, { events, lastNs: BigInt(lastNs) }])
    )
  }

  apply(event: RevisedEvent): void {
    if (event.type === 'task.switched' && event.data.comm === 'trip') throw new Error('tripped')
    const events = (this.#counts.get(event.type)?.events ?? 0) + 1
    this.#counts.set(event.type, { events, lastNs: event.uptimeNs })
    this.#changed.add(event.type)
    if (event.revision % snapshotEvery === 0) {
      const state = JSON.stringify(
        [...this.#counts].map(([type, count]) => [type, count.events, `${count.lastNs}`])
      )
      this.#snapshots.push({ revision: event.revision, state })
    }
  }

  drain() {
    const counts = [...this.#changed].map((type) => {
      const { events, lastNs } = this.#counts.get(type) ?? { events: 0, lastNs: 0n }
      return { type, events, last_ns: lastNs }
    })
    const writes = [
      { table: 'sample_counts', rows: counts },
      { table: 'sample_snapshots', rows: this.#snapshots }
    ]
    this.#changed.clear()
    this.#snapshots = []
    return writes
  }
}
