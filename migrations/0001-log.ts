import { type Kysely, type Migration, sql } from 'kysely'
import { type Dialect, dialectOf } from './dialect.ts'

/** The log itself: streams, sources, events, commits, and the evidence that nobody understood. */
export const log0001: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const dialect = dialectOf(db)
    await names(db, dialect, 'streams')
    await names(db, dialect, 'sources')
    await events(db, dialect)
    await commits(db, dialect)
    await rejectedEvidence(db, dialect)
    await dialect.appendOnly(db, 'events')
    await dialect.appendOnly(db, 'commits')
  }
}

/** Names that many events share, kept once. */
async function names(db: Kysely<unknown>, dialect: Dialect, table: string): Promise<void> {
  await dialect
    .strict(db.schema.createTable(table))
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .execute()
}

async function events(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await dialect
    .strict(db.schema.createTable('events'))
    .addColumn('position', dialect.int64, (column) => column.primaryKey())
    .addColumn('stream_id', 'integer', (column) => column.notNull().references('streams.id'))
    .addColumn('revision', dialect.int64, (column) => column.notNull())
    .addColumn('id', dialect.bytes, (column) => column.notNull().unique())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('uptime_ns', dialect.int64, (column) => column.notNull())
    .addColumn('wall_ns', dialect.int64)
    .addColumn('pid', dialect.int64)
    .addColumn('flags', 'integer', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('source_id', 'integer', (column) => column.notNull().references('sources.id'))
    .addColumn('line', dialect.int64, (column) => column.notNull())
    .addColumn('raw', 'text', (column) => column.notNull())
    .addColumn('crc', dialect.int64, (column) => column.notNull())
    .addUniqueConstraint('events_stream_revision', ['stream_id', 'revision'])
    .execute()
  await db.schema
    .createIndex('events_stream_uptime')
    .on('events')
    .columns(['stream_id', 'uptime_ns', 'position'])
    .execute()
  await db.schema
    .createIndex('events_stream_pid')
    .on('events')
    .columns(['stream_id', 'pid', 'position'])
    .where(sql.ref('pid'), 'is not', null)
    .execute()
}

async function commits(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await dialect
    .strict(db.schema.createTable('commits'))
    .addColumn('number', dialect.int64, (column) => column.primaryKey())
    .addColumn('first_position', dialect.int64, (column) => column.notNull())
    .addColumn('last_position', dialect.int64, (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .execute()
}

/** `digest` is over stream, source, line, text and flags, so that re-reading the evidence keeps it once. */
async function rejectedEvidence(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await dialect
    .strict(db.schema.createTable('rejected_evidence'))
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('stream_id', 'integer', (column) => column.references('streams.id'))
    .addColumn('source_id', 'integer', (column) => column.notNull().references('sources.id'))
    .addColumn('line', dialect.int64, (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('raw', 'text', (column) => column.notNull())
    .addColumn('flags', 'integer', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull().unique())
    .execute()
  await db.schema
    .createIndex('rejected_evidence_stream')
    .on('rejected_evidence')
    .columns(['stream_id', 'id'])
    .execute()
}
