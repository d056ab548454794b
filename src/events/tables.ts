import type { Generated } from 'kysely'

/** Names that many rows share, kept once: streams and sources. */
export interface NamesTable {
  readonly id: Generated<number>
  readonly name: string
}

export interface EventsTable {
  readonly position: number
  readonly stream_id: number
  readonly revision: number
  readonly id: Uint8Array
  readonly type: string
  readonly version: number
  readonly uptime_ns: bigint
  readonly wall_ns: bigint | null
  readonly pid: number | null
  readonly flags: number
  readonly data: string
  readonly source_id: number
  readonly line: number
  readonly raw: string
  readonly crc: number
}

export interface CommitsTable {
  readonly number: number
  readonly first_position: number
  readonly last_position: number
  readonly digest: string
}

export interface RejectedEvidenceTable {
  readonly id: Generated<number>
  readonly stream_id: number | null
  readonly source_id: number
  readonly line: number
  readonly reason: string
  readonly raw: string
  readonly flags: number
  readonly digest: string
}

export interface ReadModelsTable {
  readonly name: string
  readonly version: number
}

/** The log's tables as Kysely sees them. Read models add their own with `withTables`. */
export interface LogTables {
  readonly streams: NamesTable
  readonly sources: NamesTable
  readonly events: EventsTable
  readonly commits: CommitsTable
  readonly rejected_evidence: RejectedEvidenceTable
  readonly read_models: ReadModelsTable
}
