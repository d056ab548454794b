import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'

const keyBytes = 16

/**
 * What a service has acknowledged, by 128-bit keys in a file that is only appended to: an event's id, or a
 * digest of rejected evidence.
 */
export class Ledger {
  readonly #file: number
  readonly #keys = new Set<string>()

  constructor(path: string) {
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
    // A write that was cut off leaves part of a key, which is as good as none: it is written over.
    const whole = bytes.length - (bytes.length % keyBytes)
    for (let at = 0; at < whole; at += keyBytes) {
      this.#keys.add(bytes.toString('hex', at, at + keyBytes))
    }
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+', 0o600)
    this.#end = whole
  }

  #end: number

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Notes the keys; they are on the disk when this returns. */
  add(keys: readonly string[]): void {
    const news = keys.filter((key) => !this.#keys.has(key))
    if (news.length === 0) return
    const bytes = Buffer.from(news.join(''), 'hex')
    writeSync(this.#file, bytes, 0, bytes.length, this.#end)
    fdatasyncSync(this.#file)
    this.#end += bytes.length
    for (const key of news) this.#keys.add(key)
  }

  close(): void {
    closeSync(this.#file)
  }
}
