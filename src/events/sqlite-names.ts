import type { Statement } from 'better-sqlite3'
import type { Connection } from './sqlite-connection.ts'
import { prepare } from './sqlite-statement.ts'

/** A service that runs for months meets the sources of a whole fleet: those in use are soon known again. */
const cachedMax = 10_000

/** The interned names of a table, cached. Ids never change, so what another process adds needs no care. */
export class Names {
  readonly #ids = new Map<string, number>()
  readonly #names = new Map<number, string>()
  readonly #findId: Statement<unknown[], unknown>
  readonly #findName: Statement<unknown[], unknown>
  readonly #insert: Statement<unknown[], unknown>

  constructor(connection: Connection, table: 'streams' | 'sources') {
    const { kysely } = connection
    this.#findId = prepare(connection, kysely.selectFrom(table).select('id').where('name', '=', '')).pluck()
    this.#findName = prepare(connection, kysely.selectFrom(table).select('name').where('id', '=', 0)).pluck()
    this.#insert = prepare(connection, kysely.insertInto(table).values({ name: '' }))
  }

  /** The name's id, if it has one. */
  find(name: string): number | undefined {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const id = this.#findId.get(name) as number | undefined
    if (id !== undefined) this.#remember(this.#ids, name, id)
    return id
  }

  /** The name's id, given to it now when it has none; only inside a transaction. */
  intern(name: string): number {
    const known = this.find(name)
    if (known !== undefined) return known
    const id = Number(this.#insert.run(name).lastInsertRowid)
    this.#remember(this.#ids, name, id)
    return id
  }

  /** The name of an id; undefined when the table has lost it. */
  name(id: number): string | undefined {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const name = this.#findName.get(id)
    // In a damaged file it may have become anything.
    if (typeof name !== 'string') return undefined
    this.#remember(this.#names, id, name)
    return name
  }

  #remember<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): void {
    if (known.size >= cachedMax) known.clear()
    known.set(key, value)
  }

  /** Forgets everything; after a rollback, ids may be given anew. */
  forget(): void {
    this.#ids.clear()
    this.#names.clear()
  }
}
