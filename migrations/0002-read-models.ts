import type { Kysely, Migration } from 'kysely'
import { dialectOf } from './dialect.ts'

/**
 * The read models: spans (from when to when something held, open while `to_position` is null) and snapshots of
 * the folded state. All of it can be made again from the events.
 */
export const readModels0002: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const dialect = dialectOf(db)
    await dialect
      .strict(db.schema.createTable('spans'))
      .addColumn('stream_id', 'integer', (column) => column.notNull().references('streams.id'))
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('from_position', dialect.int64, (column) => column.notNull())
      .addColumn('to_position', dialect.int64)
      .addColumn('from_ns', dialect.int64, (column) => column.notNull())
      .addColumn('to_ns', dialect.int64)
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('spans_pk', ['stream_id', 'kind', 'subject', 'from_position'])
      .execute()
    await db.schema.createIndex('spans_from').on('spans').columns(['stream_id', 'kind', 'from_ns']).execute()
    await dialect
      .strict(db.schema.createTable('state_snapshots'))
      .addColumn('stream_id', 'integer', (column) => column.notNull().references('streams.id'))
      .addColumn('revision', dialect.int64, (column) => column.notNull())
      .addColumn('position', dialect.int64, (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('state_snapshots_pk', ['stream_id', 'revision'])
      .execute()
  }
}
