import { createHash, type Hash, hash } from 'node:crypto'
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

/** How much text a digest takes at once: a small commit costs one call, a large one no long string. */
const chunkLength = 1 << 16

/** The digest of a commit under construction: SHA-256 over the previous digest and the canonical bytes of its events. */
export class CommitDigest {
  #text: string
  #hash: Hash | undefined

  /** Begins the digest of the commit that follows `previous`. */
  constructor(previous: string) {
    this.#text = previous
  }

  add(canonicalText: string): void {
    this.#text += canonicalText
    if (this.#text.length < chunkLength) return
    this.#hash ??= createHash('sha256')
    this.#hash.update(this.#text)
    this.#text = ''
  }

  /** The digest; nothing can be added after. */
  hex(): string {
    if (this.#hash === undefined) return hash('sha256', this.#text)
    return this.#hash.update(this.#text).digest('hex')
  }
}

/** Text that UTF-8 cannot carry would be stored as another text; nothing of it may get in. */
export function isWellFormed(text: string): boolean {
  // ES2024; Node has it from 20 on, the compiler's es2023 library does not.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}
