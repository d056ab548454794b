import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The bits of an event's `flags`. */
export const flagInferred = 1
export const flagLatin1 = 2

/** An event exactly as it is stored, with its interned names spelt out. Never upcast. */
export interface EventRow {
  readonly position: number
  readonly stream: string
  readonly revision: number
  /** 32 hex digits. */
  readonly id: string
  readonly type: string
  readonly version: number
  readonly uptimeNs: bigint
  readonly wallNs: bigint | null
  readonly pid: number | null
  readonly flags: number
  /** JSON text. */
  readonly data: string
  readonly source: string
  readonly line: number
  readonly raw: string
}

/** The digest before the first commit. */
export const genesisDigest = '0'.repeat(64)

/**
 * The canonical text of an event row; its UTF-8 bytes are what checksum and digest cover. Injective: no
 * number or hex field can hold the separator, and the free texts at the end have their lengths in front.
 */
export function canonical(row: EventRow): string {
  return (
    `${row.position}\x1f${row.revision}\x1f${row.id}\x1f${row.version}\x1f${row.uptimeNs}\x1f${row.wallNs}\x1f` +
    `${row.pid}\x1f${row.flags}\x1f${row.line}\x1f${row.stream.length}\x1f${row.type.length}\x1f` +
    `${row.data.length}\x1f${row.source.length}\x1f${row.raw.length}\x1f` +
    `${row.stream}${row.type}${row.data}${row.source}${row.raw}`
  )
}

/** The checksum of an event row, which names the one row that changed; it proves nothing against an author. */
export function checksum(canonicalText: string): number {
  return crc32(canonicalText)
}

/** The digest of a commit under construction: SHA-256 over the previous digest and the canonical bytes of its events. */
export interface CommitDigest {
  add(canonicalText: string): void
  hex(): string
}

/** Begins the digest of the commit that follows `previous`. */
export function commitDigest(previous: string): CommitDigest {
  const hash = createHash('sha256').update(previous)
  return {
    add: (text) => void hash.update(text),
    hex: () => hash.digest('hex')
  }
}

/** Text that UTF-8 cannot carry would be stored as another text; nothing of it may get in. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
