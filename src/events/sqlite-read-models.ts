import type { Statement } from 'better-sqlite3'
import { type Kysely, sql } from 'kysely'
import type { ReadModel, ReadModelRow, ReadModelWrite, RevisedEvent, StreamFold } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import type { History } from './sqlite-history.ts'
import { outdatedModels, recordVersions } from './sqlite-model-versions.ts'
import { prepare } from './sqlite-statement.ts'

/** How many streams keep their folds in memory between appends. */
const cachedStreams = 64

/** The folds of a stream during one append. */
export interface OpenFold {
  apply(event: RevisedEvent): void
  /** Writes what the folds want written, and keeps them for the append that begins at `revision`. */
  flush(revision: number): void
}

type AnyTables = Record<string, Record<string, unknown>>

interface CachedFolds {
  readonly folds: readonly StreamFold[]
  readonly revision: number
}

/** Keeps the read models in step with the events, in the same transaction. */
export class ReadModels {
  readonly #connection: Connection
  readonly #models: readonly ReadModel[]
  readonly #history: History
  readonly #cache = new Map<number, CachedFolds>()
  readonly #upserts = new Map<string, Statement<unknown[], unknown>>()
  readonly #snapshots = new Map<ReadModel, Statement<unknown[], unknown>>()

  constructor(connection: Connection, models: readonly ReadModel[], history: History) {
    this.#connection = connection
    this.#models = models
    this.#history = history
  }

  /** The folds of a stream that stands at `revision`, opened when the first event comes. */
  open(streamId: number, stream: string, revision: number): OpenFold {
    let folds: readonly StreamFold[] | undefined
    return {
      apply: (event) => {
        folds ??= this.#foldsAt(streamId, stream, revision)
        for (const fold of folds) fold.apply(event)
      },
      flush: (reached) => {
        if (folds === undefined) return
        for (const fold of folds) this.#write(streamId, fold.drain())
        this.#remember(streamId, { folds, revision: reached })
      }
    }
  }

  /** Drops all folds: a rolled back transaction has led them astray. */
  forget(): void {
    this.#cache.clear()
  }

  /** Those whose rows are of an older version. @throws StoreError when the rows of one are of a newer version */
  outdated(): readonly ReadModel[] {
    return outdatedModels(this.#connection, this.#models)
  }

  /** Makes every row again from the events alone. Only inside a transaction. */
  rebuild(
    streams: readonly { readonly id: number; readonly name: string }[],
    onPage: (events: number) => void
  ): void {
    this.forget()
    this.#deleteAll()
    for (const { id, name } of streams) {
      const folds = this.#models.map((model) => model.open(name, null))
      for (const page of this.#history.pages(id, 0, this.#history.lastRevision(id))) {
        for (const fold of folds) {
          for (const event of page) fold.apply(event)
          this.#write(id, fold.drain())
        }
        onPage(page.length)
      }
    }
    recordVersions(this.#connection, this.#models)
  }

  #foldsAt(streamId: number, stream: string, revision: number): readonly StreamFold[] {
    const cached = this.#cache.get(streamId)
    // Another process may have appended since: then the cached folds lag behind.
    if (cached?.revision === revision) return cached.folds
    return this.#models.map((model) => this.#load(model, streamId, stream, revision))
  }

  #load(model: ReadModel, streamId: number, stream: string, revision: number): StreamFold {
    const snapshot = this.#snapshot(model, streamId, revision)
    const fold = model.open(stream, snapshot?.[1] ?? null)
    for (const page of this.#history.pages(streamId, snapshot?.[0] ?? 0, revision)) {
      for (const event of page) fold.apply(event)
    }
    // These rows were written in the transactions of their events.
    fold.drain()
    return fold
  }

  #snapshot(
    model: ReadModel,
    streamId: number,
    revision: number
  ): [revision: number, state: string] | undefined {
    let statement = this.#snapshots.get(model)
    if (statement === undefined) {
      const query = this.#kysely
        .selectFrom(model.snapshotTable)
        .select(['revision', 'state'])
        .where('stream_id', '=', 0)
        .where('revision', '<=', 0)
        .orderBy('revision', 'desc')
        .limit(sql.lit(1))
      statement = prepare(this.#connection, query).raw()
      this.#snapshots.set(model, statement)
    }
    return statement.get(streamId, revision) as [number, string] | undefined
  }

  #remember(streamId: number, folds: CachedFolds): void {
    this.#cache.delete(streamId)
    this.#cache.set(streamId, folds)
    if (this.#cache.size <= cachedStreams) return
    const [oldest] = this.#cache.keys()
    this.#cache.delete(oldest as number)
  }

  #write(streamId: number, writes: readonly ReadModelWrite[]): void {
    for (const { table, rows } of writes) {
      for (const row of rows) this.#upsert(table, row).run(streamId, ...Object.values(row))
    }
  }

  #upsert(table: string, row: ReadModelRow): Statement<unknown[], unknown> {
    const columns = Object.keys(row)
    const name = `${table}(${columns.join()})`
    const known = this.#upserts.get(name)
    if (known !== undefined) return known
    const key = this.#models
      .flatMap((model) => model.tables)
      .find((candidate) => candidate.name === table)?.key
    if (key === undefined)
      throw new TypeError(`a read model wrote to the table ${table}, which it does not name`)
    const changing = columns.filter((column) => !key.includes(column))
    const query = this.#kysely
      .insertInto(table)
      .values(Object.fromEntries(['stream_id', ...columns].map((column) => [column, ''])))
      .onConflict((conflict) => {
        const onKey = conflict.columns(['stream_id', ...key])
        if (changing.length === 0) return onKey.doNothing()
        return onKey.doUpdateSet(
          Object.fromEntries(changing.map((column) => [column, sql.ref(`excluded.${column}`)]))
        )
      })
    const statement = prepare(this.#connection, query)
    this.#upserts.set(name, statement)
    return statement
  }

  #deleteAll(): void {
    for (const model of this.#models) {
      for (const { name } of model.tables) prepare(this.#connection, this.#kysely.deleteFrom(name)).run()
    }
  }

  /** Tables of read models are known at run time only. */
  get #kysely(): Kysely<AnyTables> {
    return this.#connection.kysely as unknown as Kysely<AnyTables>
  }
}
