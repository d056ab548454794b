import type { Kysely, Migration } from 'kysely'
import { dialectOf } from './dialect.ts'

/** Which version of each read model the rows of its tables are of; none is recorded for rows of an older klplog. */
export const readModelVersions0003: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await dialectOf(db)
      .strict(db.schema.createTable('read_models'))
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .execute()
  }
}
