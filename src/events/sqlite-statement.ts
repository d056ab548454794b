import type { Statement } from 'better-sqlite3'
import type { Compilable } from 'kysely'
import type { Connection } from './sqlite-connection.ts'

/**
 * Compiles a query once by Kysely and prepares it once in better-sqlite3: the speed of raw statements.
 * Values of the query are placeholders; they are bound at each run, in the query's order.
 */
export function prepare({ sqlite }: Connection, query: Compilable): Statement<unknown[], unknown> {
  return sqlite.prepare<unknown[], unknown>(query.compile().sql)
}
