import type { Observable } from 'rxjs'
import type { EventRow } from './canonical.ts'
import type { HistoryEvent, NewEvent, StoredEvent } from './event.ts'

/** What an append asks the log to hold true: any revision, no stream yet, or exactly this last revision. */
export type ExpectedRevision = 'any' | 'no-stream' | number

export interface AppendResult {
  /** Events written now; ids that the log already knew are skipped. */
  readonly appended: number
  readonly skipped: number
  /** The stream's last revision and the log's last position after this append. */
  readonly revision: number
  readonly position: number
  /** SHA-256 of the commit, in hex; the head's when nothing was written. */
  readonly digest: string
}

/**
 * A stream: one boot of one host. Times are of its first and last event; all are 0 for a stream that only
 * rejected evidence names.
 */
export interface StreamInfo {
  readonly stream: string
  readonly revision: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly firstNs: bigint
  readonly lastNs: bigint
  readonly lastWallNs: bigint | null
  readonly rejected: number
}

/** Which events to read. Bounds are inclusive; `after` is exclusive. */
export interface ReadQuery {
  readonly stream?: string
  /** Only events behind this position. */
  readonly after?: number
  readonly upTo?: number
  readonly sinceNs?: bigint
  readonly untilNs?: bigint
  readonly types?: readonly string[]
  /** Only events of this thread (its switches, or its deeds). */
  readonly pid?: number
  /** Newest first. */
  readonly backwards?: boolean
  readonly limit?: number
}

/** Evidence that no reader understood, kept as it came. `stream` is null when not even the boot is known. */
export interface RejectedEvidence {
  readonly stream: string | null
  readonly source: string
  readonly line: number
  readonly reason: string
  readonly raw: string
  readonly latin1?: boolean
}

/** A link of the chain: SHA-256 over the previous digest and the canonical bytes of its events. */
export interface Commit {
  readonly number: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly digest: string
}

export interface VerifyResult {
  readonly ok: boolean
  readonly events: number
  readonly commits: number
  /** Keep it elsewhere: a chain without an outside anchor proves little. */
  readonly head: string
  /** The first event that does not fit, and how it was noticed; position 0 when the damage is not in an event. */
  readonly fault: { readonly position: number; readonly reason: string } | null
}

/** A stored row of a read model: column names to values; JSON is text, booleans are 0 and 1. */
export type ReadModelRow = Readonly<Record<string, string | number | bigint | null>>

/** An event as a stream's fold takes it. */
export type RevisedEvent = HistoryEvent & { readonly revision: number }

/** Rows that a read model wants written, by primary key: an existing row is overwritten. */
export interface ReadModelWrite {
  readonly table: string
  readonly rows: readonly ReadModelRow[]
}

/** The fold of one stream's events into a read model: mutable, and owned by the log between appends. */
export interface StreamFold {
  /** Takes the next event of the stream. */
  apply(event: RevisedEvent): void
  /** What changed since the last drain, deterministic in the events alone, never in how they were batched. */
  drain(): ReadModelWrite[]
}

/**
 * A read model that is kept in the append's transaction. Its tables come from the migrations and carry a
 * `stream_id` column, which the log fills in.
 */
export interface ReadModel {
  readonly name: string
  /** Counts up whenever the same events come to give other rows: rows of an older version are made anew. */
  readonly version: number
  /** Its tables with their primary keys (without `stream_id`, which always comes first). */
  readonly tables: readonly { readonly name: string; readonly key: readonly string[] }[]
  /** The table whose row with the highest `revision` (at most the asked one) seeds a fold, in its column `state`. */
  readonly snapshotTable: string
  /** A fold that stands where the snapshot `state` was taken, or at the stream's beginning. */
  open(stream: string, state: string | null): StreamFold
}

/** The event log: appended to, read, never changed. One instance is one connection. */
export interface EventLog {
  /**
   * All or nothing, in one durable transaction with the read models.
   * @throws ExpectedRevisionError when the stream stands elsewhere
   * @throws InvalidEventError when an event does not fit its schema
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>
  /** Keeps evidence that no reader understood; the same line of the same source is kept once. Returns how many were new. */
  reject(evidence: readonly RejectedEvidence[]): Promise<number>
  rejected(query: {
    stream?: string
    limit?: number
    afterId?: number
  }): Promise<readonly (RejectedEvidence & { id: number })[]>
  /** Events in position order, a page (at most 1000) at a time. */
  read(query: ReadQuery): AsyncIterable<readonly StoredEvent[]>
  /** As `read`, but only what a fold needs, and as fast as the database gives it, at most 1000 a page. */
  history(stream: string, after: number, upTo: number): Iterable<readonly RevisedEvent[]>
  /** Catches up from behind `after`, then stays live, also when another process writes. */
  subscribe(query: Pick<ReadQuery, 'stream' | 'after' | 'types'>): Observable<readonly StoredEvent[]>
  streams(): Promise<readonly StreamInfo[]>
  commits(afterNumber: number, limit: number): Promise<readonly Commit[]>
  /** Events behind `after` up to `upTo` exactly as stored, for an export. */
  rows(after: number, upTo: number): AsyncIterable<readonly EventRow[]>
  /**
   * Appends a commit of an exported log exactly as it was, events in older versions included.
   * @throws StoreError when the commit is not the one that follows this log's last
   */
  restore(commit: Commit, rows: readonly EventRow[]): Promise<void>
  /**
   * Position of the stream's latest event at or before the uptime, the last one among equal times; 0 when
   * there is none.
   */
  positionAt(stream: string, uptimeNs: bigint): Promise<number>
  /** Recomputes every event's checksum and every commit's digest, and checks the database's own structure. */
  verify(onProgress?: (done: number, total: number) => void): Promise<VerifyResult>
  /** Makes the read models again from the events alone, to the same bytes. */
  rebuild(onProgress?: (done: number, total: number) => void): Promise<{ readonly events: number }>
  close(): Promise<void>
}

/** Which rows of a read model's table to read; spans are rows with `from_…` and `to_…` columns. */
export interface RowQuery {
  readonly table: string
  readonly stream: string
  readonly equals?: Readonly<Record<string, string | number>>
  /** Only spans that hold right behind this position. */
  readonly at?: number
  /** Only spans that overlap the time from `sinceNs` to `untilNs`. */
  readonly sinceNs?: bigint
  readonly untilNs?: bigint
  readonly orderBy: readonly string[]
  /** Only this column, each value once. */
  readonly distinct?: string
}

/** What the projections' questions need of a log. */
export interface ReadModelSource extends Pick<EventLog, 'read' | 'history' | 'positionAt' | 'streams'> {
  modelRows(query: RowQuery): Promise<readonly ReadModelRow[]>
  /** The newest saved fold at or before the position. */
  snapshotBefore(
    table: string,
    stream: string,
    position: number
  ): Promise<{ readonly position: number; readonly state: string } | null>
}
