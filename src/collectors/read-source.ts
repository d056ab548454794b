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
    for (const { text, latin1 } of lines) {
      lineNumber += 1
      const read = reader.push(text, lineNumber, latin1)
      for (const reading of read) readings.push(reading)
    }
    yield readings
  }
  yield reader.end()
}
