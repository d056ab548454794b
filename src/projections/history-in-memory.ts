import { createHash } from 'node:crypto'
import { type Fact, type NewEvent, openSqliteLog, type SqliteLog } from '../events/index.ts'
import { projections } from './read-model.ts'

/**
 * Runs `use` on a log of its own, in memory, that has these facts as its only stream's history: a model's history
 * answers every question that a recorded one does.
 */
export async function withFacts<T>(
  stream: string,
  facts: readonly (Fact & { readonly uptimeNs: bigint })[],
  use: (log: SqliteLog) => Promise<T>
): Promise<T> {
  const log = await openSqliteLog({ path: ':memory:', durable: false, readModels: [projections] })
  try {
    const events = facts.map(
      (fact, n): NewEvent => ({
        ...fact,
        wallNs: null,
        id: createHash('sha256').update(`${stream} ${n}`).digest('hex').slice(0, 32),
        evidence: { source: 'the kernel model', line: n + 1, raw: '' }
      })
    )
    await log.append(stream, 'any', events)
    return await use(log)
  } finally {
    await log.close()
  }
}
