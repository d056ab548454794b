import type { EvidenceFormat, Reading } from './observation.ts'
import { readLines, type Source } from './source.ts'

/** A source with the format that it is read in. */
export interface FormattedSource {
  readonly source: Source
  readonly format: EvidenceFormat
}

/** Readings of a source, in pages; every line of it is in exactly one. */
export async function* readSource(
  { source, format }: FormattedSource,
  onBytes?: (bytes: number) => void
): AsyncGenerator<Reading[]> {
  const reader = format.open()
  let lineNumber = 0
  for await (const lines of readLines(source, onBytes)) {
    const readings: Reading[] = []
    for (const { text, latin1, cut } of lines) {
      lineNumber += 1
      const read =
        cut === true && reader.cut !== undefined
          ? reader.cut(text, lineNumber, latin1)
          : reader.push(text, lineNumber, latin1)
      for (const reading of read) readings.push(storable(reading))
    }
    yield readings
  }
  yield reader.end().map(storable)
}

/** How JSON spells a surrogate, which alone is half a character. */
const spelledSurrogate = /\\u[dD][89a-fA-F]/

/** No text that is kept may hold half a character: a reason is mended, what else holds one is rejected. */
function storable(reading: Reading): Reading {
  if (reading.outcome === 'rejected') return { ...reading, reason: mended(reading.reason) }
  if (!spelledSurrogate.test(reading.raw) || isWellFormed(reading)) return reading
  const { line, lines, raw, latin1 } = reading
  const reason = 'a string in it ends or begins with half a character, a lone surrogate'
  return { line, lines, raw, ...(latin1 === true ? { latin1 } : {}), outcome: 'rejected', reason }
}

/** ES2024; Node has them from 20 on, the compiler's es2023 library does not. */
type Text = string & { isWellFormed(): boolean; toWellFormed(): string }

function mended(text: string): string {
  return (text as Text).toWellFormed()
}

/** Whether every text in it, keys included, is whole. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return (value as Text).isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => isWellFormed(key) && isWellFormed(inner))
}
