import type { Item } from './interpret/knowledge.ts'
import type { Reading } from './observation.ts'
import type { FormattedSource } from './read-source.ts'

/** A reading as a proof: its place in the stream's time and in its source. */
export function itemOf(reading: Reading, uptimeNs: bigint, source: FormattedSource): Item {
  return {
    uptimeNs,
    ownNs: reading.outcome === 'observed' ? reading.timeNs : 0n,
    source: source.source.name,
    format: source.format.name,
    line: reading.line,
    raw: reading.raw,
    latin1: reading.latin1 === true
  }
}
