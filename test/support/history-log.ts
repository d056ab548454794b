import { type NewEvent, openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'

/** The events as another stream's: an id is known to the log once only. */
export function ofAnotherStream(events: readonly NewEvent[]): NewEvent[] {
  return events.map((event) => ({ ...event, id: `f${event.id.slice(1)}` }))
}

/** Appends in batches of these sizes, over and over, by whichever of the writers comes next. */
export async function appendInBatches(
  writers: readonly SqliteLog[],
  stream: string,
  events: readonly NewEvent[],
  sizes: readonly number[]
): Promise<void> {
  for (let at = 0, n = 0; at < events.length; n++) {
    const size = sizes[n % sizes.length] ?? events.length
    await writers[n % writers.length]?.append(stream, 'any', events.slice(at, at + size))
    at += size
  }
}

/** Another process with the same log. */
export function anotherWriter({ path }: { readonly path: string }): Promise<SqliteLog> {
  return openSqliteLog({ path, readModels: [projections], durable: false })
}

/** Every row of the read models, as text, in the order of their keys. */
export async function dumpReadModels(log: SqliteLog): Promise<string[]> {
  const lines: string[] = []
  for (const { name, key } of projections.tables) {
    const rows = await log.kysely
      .selectFrom(name as 'streams')
      .selectAll()
      .execute()
    const keyed = (row: object) => JSON.stringify(['stream_id', ...key].map((c) => row[c as keyof object]))
    lines.push(...rows.map((row) => `${name} ${keyed(row)} ${JSON.stringify(row)}`).sort())
  }
  return lines
}
