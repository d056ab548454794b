import type { Fact } from './catalogue.ts'

/** Where an event comes from: the source's name, the line in it (from 1), and that line's text. */
export interface Evidence {
  readonly source: string
  readonly line: number
  readonly raw: string
  /** The raw bytes were not UTF-8; `raw` holds them one character a byte. */
  readonly latin1?: boolean
  /** The event follows from the line by the kernel's rules; the line does not state it. */
  readonly inferred?: boolean
}

/** When a fact happened: the kernel's clock since boot, and the wall clock where it is known (ns since the epoch). */
export interface Moment {
  readonly uptimeNs: bigint
  readonly wallNs: bigint | null
}

/** An event as a collector hands it to the log. `id` is 32 hex digits, derived from the evidence. */
export type NewEvent = Fact & Moment & { readonly id: string; readonly evidence: Evidence }

/**
 * An event in the log. `position` is global, `revision` per stream; both count from 1 without gaps.
 * `stream` is `<host>/<boot id>`.
 */
export type StoredEvent = NewEvent & {
  readonly position: number
  readonly stream: string
  readonly revision: number
  readonly version: number
}

/** What `evolve` needs of an event: the fact, its time, its place. */
export type HistoryEvent = Fact & { readonly uptimeNs: bigint; readonly position: number }
