import { createHash } from 'node:crypto'
import { type NewEvent, openSqliteLog, type SqliteLog } from '../events/index.ts'
import { projections } from '../projections/index.ts'
import type { WhatIf } from '../replay/index.ts'

/** Runs `use` on a log of its own, in memory, that has these facts as its only stream's history. */
export async function withFacts<T>(
  stream: string,
  facts: WhatIf['facts'],
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
