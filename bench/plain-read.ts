import type Database from 'better-sqlite3'
import type { HistoryEvent } from '../src/events/index.ts'
import { Changes, emptyState, evolve } from '../src/projections/index.ts'

type BareRow = [position: number, type: string, version: number, uptimeNs: number, data: string]

/** The events' columns that a fold needs, by a prepared statement in pages, as SQLite gives them. */
export function* barePages(sqlite: Database.Database, upTo: number): Generator<BareRow[]> {
  const statement = sqlite
    .prepare<[number, number], BareRow>(
      `select position, type, version, uptime_ns, data from events
        where position > ? and position <= ? order by position limit 1000`
    )
    .raw()
  for (let after = 0; ; ) {
    const page = statement.all(after, upTo)
    const last = page.at(-1)
    if (last === undefined) return
    after = last[0]
    yield page
  }
}

/** The same as events, as somebody without klplog would make them. */
export function* parsedPages(sqlite: Database.Database, upTo: number): Generator<HistoryEvent[]> {
  for (const page of barePages(sqlite, upTo)) {
    yield page.map(
      ([position, type, , uptimeNs, data]) =>
        ({ type, data: JSON.parse(data) as unknown, uptimeNs: BigInt(uptimeNs), position }) as HistoryEvent
    )
  }
}

/** Folds a history, and makes sure that it was all there and that it left no doubt. */
export function foldPages(pages: Iterable<readonly HistoryEvent[]>, events: number): void {
  const state = emptyState()
  const changes = new Changes()
  let seen = 0
  for (const page of pages) {
    for (const event of page) evolve(state, event, changes)
    changes.clear()
    seen += page.length
  }
  if (seen !== events) throw new Error(`${seen} of ${events} events came`)
  if (state.doubt.patches !== null || state.lateEvents > 0)
    throw new Error(`no legal history: ${state.doubt.patches?.reason}`)
}
