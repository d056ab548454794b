import { type EmmettEvent, type EmmettStore, getSQLiteEventStore } from '@event-driven-io/emmett-sqlite'
import type { HistoryEvent, NewEvent } from '../src/events/index.ts'

const stream = 'bench-0'

const triesMax = 10

/** An event as Emmett's users write it: JSON has no bigint, so times are text; evidence is metadata. */
export function toEmmett({ type, data, id, uptimeNs, wallNs, evidence }: NewEvent): EmmettEvent {
  const metadata = { id, uptimeNs: String(uptimeNs), wallNs: String(wallNs), evidence }
  return { type, data, metadata }
}

/** Emmett's SQLite event store, as its documentation shows it. It sets WAL and leaves `synchronous` FULL. */
export class Emmett {
  readonly #store: EmmettStore

  constructor(path: string) {
    this.#store = getSQLiteEventStore({ fileName: path })
  }

  /**
   * Now and then its COMMIT fails with SQLITE_BUSY, since each call opens a connection and does not wait for
   * that connection's first pragma: then the append was rolled back and is made again, as its users have to.
   */
  async append(events: readonly EmmettEvent[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#store.appendToStream(stream, events)
        return
      } catch (error) {
        if (tries === triesMax || (error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error
      }
    }
  }

  /** The stream's events up to a revision, as a fold takes them. */
  async history(upTo: number): Promise<HistoryEvent[]> {
    const { events } = await this.#store.readStream(stream, { from: 1n, to: BigInt(upTo) })
    return events.map(
      ({ type, data, metadata }) =>
        ({
          type,
          data,
          uptimeNs: BigInt(metadata.uptimeNs as string),
          position: Number(metadata.globalPosition)
        }) as HistoryEvent
    )
  }
}
