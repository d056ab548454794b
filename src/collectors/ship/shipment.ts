import {
  type AppendResult,
  type EventLog,
  type ExpectedRevision,
  type NewEvent,
  type RejectedEvidence,
  toWire
} from '../../events/index.ts'
import { Backoff, pause } from './backoff.ts'
import { keyOfRejected, keysOf, type Parcel, parcelParts, sizeOf, without } from './parcel.ts'
import { type Delivery, type Destination, send } from './sender.ts'
import type { Spool } from './spool.ts'

/** What a shipment is made with. */
export interface ShipmentOptions {
  readonly destination: Destination
  readonly spool: Spool
  /** How long to try while the service is away. */
  readonly patienceMs: number
  /** Numbers from 0 up to 1, for the waits between tries. */
  readonly random: () => number
  readonly nowMs: () => number
  readonly stop: AbortSignal
}

/** What became of what was shipped. */
export interface Shipped {
  /** Events that were new to the service, and those that it knew. */
  appended: number
  alreadyKnown: number
  /** Events and rejected evidence that wait in the spool. */
  waiting: number
  /** What the service will never take; it lies in the spool's directory `refused`. */
  refused: number
}

/**
 * A log that is elsewhere. What is appended goes to the spool, from there to the service in the same order,
 * and out of the spool when the service has acknowledged it, so that nothing is lost in between.
 */
export class Shipment implements Pick<EventLog, 'append' | 'reject'> {
  readonly #options: ShipmentOptions
  readonly #backoff: Backoff
  readonly #counts = { appended: 0, alreadyKnown: 0, refused: 0 }
  /** Why the service does not take more just now. */
  #trouble: Exclude<Delivery, { outcome: 'taken' }> | null = null

  constructor(options: ShipmentOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.random)
  }

  /** Why the service could not be reached, or did not let us in; null when it did. */
  get trouble(): string | null {
    return this.#trouble?.reason ?? null
  }

  async append(
    stream: string,
    _expected: ExpectedRevision,
    events: readonly NewEvent[]
  ): Promise<AppendResult> {
    const { spool } = this.#options
    const news = events.filter(({ id }) => !spool.has(id))
    for (const part of parcelParts(news.map(toWire))) spool.put({ kind: 'events', stream, events: part })
    await this.#deliverNow()
    // Revision and digest are the service's; who ships does not ask for them.
    return {
      appended: news.length,
      skipped: events.length - news.length,
      revision: 0,
      position: 0,
      digest: ''
    }
  }

  async reject(evidence: readonly RejectedEvidence[]): Promise<number> {
    const { spool } = this.#options
    const news = evidence.filter((one) => !spool.has(keyOfRejected(one)))
    for (const part of parcelParts(news)) spool.put({ kind: 'rejected', evidence: part })
    await this.#deliverNow()
    return news.length
  }

  /** Sends what waits, patiently; tells what became of all. */
  async finish(): Promise<Shipped> {
    const { patienceMs, nowMs, stop } = this.#options
    const deadline = nowMs() + patienceMs
    for (;;) {
      this.#trouble = null
      await this.#deliverNow()
      const trouble = this.#trouble as Delivery | null
      if (trouble?.outcome !== 'later' || stop.aborted) break
      const waitMs = this.#backoff.nextMs(trouble.afterMs)
      if (nowMs() + waitMs > deadline) break
      await pause(waitMs, stop)
    }
    return { ...this.#counts, waiting: this.#countWaiting() }
  }

  /** Sends what waits, the oldest first, until something is in the way. */
  async #deliverNow(): Promise<void> {
    const { spool, destination, stop } = this.#options
    if (this.#trouble !== null) return
    for (const name of spool.waiting()) {
      if (stop.aborted) return
      // What was acknowledged when a process ended before it was out of the spool is not sent again.
      const parcel = without(spool.read(name), (key) => spool.ledger.has(key))
      if (parcel === null) {
        spool.remove(name)
        continue
      }
      const delivery = await send(destination, parcel)
      if (delivery.outcome === 'taken') {
        this.#take(name, parcel, delivery)
      } else if (delivery.outcome === 'refused') {
        spool.refuse(name, delivery.reason)
        this.#counts.refused += sizeOf(parcel)
      } else {
        this.#trouble = delivery
        return
      }
    }
  }

  #take(name: string, parcel: Parcel, { added, known }: Extract<Delivery, { outcome: 'taken' }>): void {
    const { spool } = this.#options
    spool.ledger.add(keysOf(parcel))
    spool.remove(name)
    this.#backoff.reset()
    if (parcel.kind === 'rejected') return
    this.#counts.appended += added
    this.#counts.alreadyKnown += known
  }

  #countWaiting(): number {
    const { spool } = this.#options
    return spool.waiting().reduce((sum, name) => sum + sizeOf(spool.read(name)), 0)
  }
}
