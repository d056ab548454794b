/** A client's tokens in its bucket, and when they were counted. */
interface Bucket {
  left: number
  atMs: number
}

/** Clients that are remembered: a full bucket that is forgotten costs nothing. */
const bucketsMax = 10_000

/** A token bucket for each client: a request takes one, time gives them back. */
export class RateLimit {
  readonly #perSecond: number
  readonly #burst: number
  readonly #nowMs: () => number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perSecond: number, burst: number, nowMs: () => number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#nowMs = nowMs
  }

  /** Takes one for the client; else says after how many seconds there will be one. */
  take(client: string): { readonly ok: true } | { readonly ok: false; readonly afterSeconds: number } {
    const now = this.#nowMs()
    const bucket = this.#buckets.get(client) ?? { left: this.#burst, atMs: now }
    bucket.left = Math.min(this.#burst, bucket.left + ((now - bucket.atMs) / 1000) * this.#perSecond)
    bucket.atMs = now
    this.#remember(client, bucket)
    if (bucket.left < 1) {
      return { ok: false, afterSeconds: Math.max(1, Math.ceil((1 - bucket.left) / this.#perSecond)) }
    }
    bucket.left -= 1
    return { ok: true }
  }

  /** The longest unseen is forgotten first. */
  #remember(client: string, bucket: Bucket): void {
    this.#buckets.delete(client)
    this.#buckets.set(client, bucket)
    if (this.#buckets.size <= bucketsMax) return
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest)
      return
    }
  }
}
