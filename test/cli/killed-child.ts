import { writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import { processIo } from '../../src/cli/io.ts'
import { run } from '../../src/cli/main.ts'
import { SqliteLog } from '../../src/events/sqlite-log.ts'

/*
 * Runs a command line; kills itself when it is about to run its nth SQL statement (KILL_AT), which may be in
 * the middle of a transaction. What the log has acknowledged is told on standard output before anything else
 * happens.
 */

const killAt = Number(process.env.KILL_AT ?? Number.POSITIVE_INFINITY)
let statements = 0

type Statement = { run: (...values: unknown[]) => unknown }
const probe = new Database(':memory:')
const prototype = Object.getPrototypeOf(probe.prepare('select 1')) as Statement
const { run: runStatement } = prototype
prototype.run = function (this: Statement, ...values) {
  statements += 1
  if (statements >= killAt) process.kill(process.pid, 'SIGKILL')
  return runStatement.apply(this, values)
}

/** Wraps a method of every log: `tell` hears what it was given and what came of it. */
function afterwards<Name extends 'append' | 'reject'>(
  name: Name,
  tell: (given: Parameters<SqliteLog[Name]>, result: Awaited<ReturnType<SqliteLog[Name]>>) => string
): void {
  type Method = (...given: Parameters<SqliteLog[Name]>) => Promise<Awaited<ReturnType<SqliteLog[Name]>>>
  const original = Reflect.get(SqliteLog.prototype, name) as unknown as Method
  Reflect.set(SqliteLog.prototype, name, async function (this: SqliteLog, ...given: Parameters<Method>) {
    const result = await original.apply(this, given)
    writeSync(1, `${tell(given, result)}\n`)
    return result
  })
}

afterwards('append', (_, { position }) => `acknowledged ${position}`)
afterwards('reject', ([evidence]) => `rejected ${evidence.length}`)

writeSync(1, 'started\n')
process.exitCode = await run(process.argv.slice(2), processIo())
writeSync(1, `statements ${statements}\n`)
