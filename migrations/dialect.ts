import { type CreateTableBuilder, type Kysely, SqliteAdapter, sql } from 'kysely'

/** What the migrations need to say differently in SQLite and in PostgreSQL; everything else is shared SQL. */
export interface Dialect {
  /** A 64-bit integer. */
  readonly int64: 'integer' | 'bigint'
  readonly bytes: 'blob' | 'bytea'
  /** Refuses values of another type than the column's. */
  strict<T extends string, C extends string>(table: CreateTableBuilder<T, C>): CreateTableBuilder<T, C>
  /** Refuses UPDATE and DELETE on the table from now on. */
  appendOnly(db: Kysely<unknown>, table: string): Promise<void>
}

const sqlite: Dialect = {
  int64: 'integer',
  bytes: 'blob',
  strict: (table) => table.modifyEnd(sql`strict`),
  async appendOnly(db, table) {
    for (const deed of ['update', 'delete'] as const) {
      const message = `the log is append-only: ${table} refuses ${deed}`
      await sql`
        create trigger ${sql.ref(`${table}_no_${deed}`)} before ${sql.raw(deed)} on ${sql.table(table)}
        begin select raise(abort, ${sql.lit(message)}); end`.execute(db)
    }
  }
}

/** The dialect of a connection. */
export function dialectOf(db: Kysely<unknown>): Dialect {
  if (db.getExecutor().adapter instanceof SqliteAdapter) return sqlite
  throw new Error('klplog has migrations for SQLite only')
}
