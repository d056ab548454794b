import type { Chance } from './chance.ts'
import type { EvidenceFault } from './evidence-fault.ts'
import { type EvidenceRecord, type EvidenceShape, recordsOf, textOf } from './evidence-text.ts'

/** The most records that a fault takes away. */
const lostMax = 60

/** A ring buffer that overran while it was read (`trace_pipe`, perf): a stretch of one CPU's records is gone. */
export const lostEvents: EvidenceFault = {
  name: 'lost-events',
  says: "a CPU's ring buffer overran: a stretch of its records is gone, and a mark stands before the next one",
  apply(text, shape, chance) {
    const { records } = recordsOf(text, shape)
    const left = withOverrun(records, shape, chance)
    // Who reads records away, as trace_pipe does, prints no header.
    return left === null ? null : [textOf(left)]
  }
}

/** A file from which a stretch was cut, and whose header still counts it. */
export const lostSilently: EvidenceFault = {
  name: 'lost-silently',
  says: 'the file lacks a stretch of records: no mark, but its header still counts them',
  apply(text, shape, chance) {
    const { header, records } = recordsOf(text, shape)
    const left = withoutStretch(records, chance)
    return left === null || !header.some((line) => line.startsWith('# entries-in-buffer'))
      ? null
      : [textOf(header, left)]
  }
}

/** As `lost-silently`, of what has no header: what is missing shows only where other evidence tells of it. */
export const lostUncounted: EvidenceFault = {
  name: 'lost-uncounted',
  says: 'the file lacks a stretch of records, and neither mark nor header tells',
  apply(text, shape, chance) {
    const left = withoutStretch(recordsOf(text, shape).records, chance)
    return left === null ? null : [textOf(left)]
  }
}

/** A collector that was stopped and started again: nobody looked in between, and the new one begins anew. */
export const collectorRestarted: EvidenceFault = {
  name: 'collector-restarted',
  says: 'the collector was started again: a hole in time, its header once more, and the rest',
  apply(text, shape, chance) {
    const { header, records } = recordsOf(text, shape)
    if (header.length === 0 || records.length < 3) return null
    const from = 1 + chance.below(records.length - 2)
    const to = from + chance.below(Math.min(lostMax, records.length - 1 - from))
    const [before, behind] = [records.slice(0, from), records.slice(to)]
    return [
      textOf(
        shape.header(header, before.length),
        texts(before),
        shape.header(header, behind.length),
        texts(behind)
      )
    ]
  }
}

/** Two readers of the same buffer's copies, each too slow at other moments. */
export const twoCollectors: EvidenceFault = {
  name: 'two-collectors',
  says: 'two collectors wrote the same records into a file each, and each lost others',
  apply(text, shape, chance) {
    const { records } = recordsOf(text, shape)
    const half = records.length >> 1
    const spare = Math.floor(half / 2)
    const first = withOverrun(records.slice(0, half + chance.below(spare + 1)), shape, chance)
    const second = withOverrun(records.slice(chance.below(half)), shape, chance)
    return first === null || second === null ? null : [textOf(first), textOf(second)]
  }
}

/** Takes a stretch of one CPU's records away and puts the tool's mark before that CPU's next one. */
function withOverrun(
  records: readonly EvidenceRecord[],
  shape: EvidenceShape,
  chance: Chance
): readonly string[] | null {
  if (shape.lossMark === null || records.length < 3) return null
  const from = chance.below(records.length - 1)
  const cpu = records[from]?.cpu ?? -1
  const own = records.flatMap((record, n) => (n >= from && record.cpu === cpu ? [n] : []))
  if (own.length < 2) return null
  const count = 1 + chance.below(Math.min(lostMax, own.length - 1))
  const lost = new Set(own.slice(0, count))
  const next = own[count]
  const mark = shape.lossMark(cpu, count)
  return records.flatMap(({ text }, n) => (lost.has(n) ? [] : n === next ? [mark, text] : [text]))
}

function withoutStretch(records: readonly EvidenceRecord[], chance: Chance): readonly string[] | null {
  if (records.length < 3) return null
  const from = 1 + chance.below(records.length - 2)
  const to = from + 1 + chance.below(Math.min(lostMax, records.length - 1 - from))
  return texts([...records.slice(0, from), ...records.slice(to)])
}

function texts(records: readonly EvidenceRecord[]): string[] {
  return records.map(({ text }) => text)
}
