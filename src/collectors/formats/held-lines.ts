import type { Reading } from '../observation.ts'

type WithoutLines<R> = R extends unknown ? Omit<R, 'line' | 'lines' | 'raw' | 'latin1'> : never

/** What a reading says, without the lines that it says it of. */
export type Outcome = WithoutLines<Reading>

/** Understood, and nothing that the log is about. */
export const unrelated: Outcome = { outcome: 'unrelated' }

/**
 * Not understood: `reason` tells a reader what is wrong with the lines, and what to do where there is
 * something.
 */
export function rejected(reason: string): Outcome {
  return { outcome: 'rejected', reason }
}

/** No tool prints longer lines, and regular expressions throw on much longer ones. In UTF-16 units. */
export const longestLine = 16 * 1024 * 1024

/** What becomes of a line beyond `longestLine`. */
export const tooLong = rejected(`longer than ${longestLine} characters: no line of any tool that we know`)

/** The reading of a single line. */
export function lineReading(
  raw: string,
  line: number,
  latin1: boolean | undefined,
  outcome: Outcome
): Reading {
  return { line, lines: 1, raw, ...(latin1 ? { latin1: true } : {}), ...outcome }
}

/** Lines held back until their record is whole, and then the record's reading. */
export class HeldLines {
  readonly #lines: { readonly raw: string; readonly line: number; readonly latin1: boolean }[] = []
  #chars = 0

  /** How many lines are held. */
  get count(): number {
    return this.#lines.length
  }

  /** Their length together, in UTF-16 units without line ends. */
  get chars(): number {
    return this.#chars
  }

  /** Their text, as a file would have it, without a last line end. */
  get text(): string {
    return this.#lines.map((held) => held.raw).join('\n')
  }

  /** Holds one more line. */
  add(raw: string, line: number, latin1?: boolean): void {
    this.#lines.push({ raw, line, latin1: latin1 === true })
    this.#chars += raw.length
  }

  /** A record of these lines and, behind them, of those. */
  followedBy(those: HeldLines): HeldLines {
    const joined = new HeldLines()
    for (const { raw, line, latin1 } of [...this.#lines, ...those.#lines]) joined.add(raw, line, latin1)
    return joined
  }

  /** The held lines `from` to before `to` (from 0) as a record of their own. */
  slice(from: number, to: number): HeldLines {
    const part = new HeldLines()
    for (const { raw, line, latin1 } of this.#lines.slice(from, to)) part.add(raw, line, latin1)
    return part
  }

  /** One reading for all lines that are held. There is at least one. */
  reading(outcome: Outcome): Reading {
    const latin1 = this.#lines.some((held) => held.latin1)
    // One text cannot be half characters and half bytes: beside a latin1 line the others are spelt in bytes
    // too.
    const raw = latin1
      ? this.#lines.map((held) => (held.latin1 ? held.raw : bytesOf(held.raw))).join('\n')
      : this.text
    const line = this.#lines[0]?.line ?? 0
    return { line, lines: this.count, raw, ...(latin1 ? { latin1: true } : {}), ...outcome }
  }
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
