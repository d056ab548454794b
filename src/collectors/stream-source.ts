import type { Reading } from './observation.ts'
import { OrderedReadings } from './ordered-readings.ts'
import { type FormattedSource, readSource } from './read-source.ts'
import type { Misplaced, Timed } from './time-order.ts'

/** How a reading's own clock becomes the stream's. Null: it cannot, and why is said instead. */
export type ToUptime = (reading: Extract<Reading, { outcome: 'observed' }>) => bigint | string

/** What one source gives to the merge: readings in time order, and what cannot take part in it. */
export interface SourcePage {
  readonly timed: readonly Timed[]
  readonly timeless: readonly Reading[]
  readonly refused: readonly Misplaced[]
  readonly unrelatedLines: number
  readonly lines: number
}

/** Formats that are written in the order in which things end, so that their times cross: sorted as a whole. */
const sortedFormats = new Set(['commands', 'bpf-loader', 'bpftool', 'snapshots', 'sysfs'])

/** Formats in which any line may be one on livepatches, so that one that cannot be used may hide anything. */
const tellingFormats = new Set(['ftrace', 'bpftrace'])

/** Pages of a source in the stream's time. `boot` keeps only what belongs to that boot, where lines tell. */
export async function* streamSource(
  formatted: FormattedSource,
  toUptime: ToUptime,
  boot: string | null,
  onBytes?: (bytes: number) => void
): AsyncGenerator<SourcePage> {
  const sorted = sortedFormats.has(formatted.format.name)
  const ordered = new OrderedReadings(tellingFormats.has(formatted.format.name))
  const held: Timed[] = []
  for await (const readings of readSource(formatted, onBytes)) {
    let unrelatedLines = 0
    let lines = 0
    const timeless: Reading[] = []
    for (const reading of readings) {
      lines += reading.lines
      if (reading.outcome === 'unrelated') unrelatedLines += reading.lines
      else if (reading.outcome === 'rejected') ordered.refuse(reading, reading.reason)
      else if (reading.outcome === 'timeless') timeless.push(reading)
      else if (boot !== null && reading.bootId !== undefined && reading.bootId !== boot)
        unrelatedLines += reading.lines
      else {
        const uptimeNs = toUptime(reading)
        if (typeof uptimeNs === 'string') ordered.refuse(reading, uptimeNs)
        else if (sorted) held.push({ uptimeNs, reading })
        else ordered.push({ uptimeNs, reading })
      }
    }
    yield { ...ordered.take(), timeless, unrelatedLines, lines }
  }
  held.sort((a, b) => (a.uptimeNs < b.uptimeNs ? -1 : a.uptimeNs > b.uptimeNs ? 1 : 0))
  for (const timed of held) ordered.push(timed)
  ordered.end()
  yield { ...ordered.take(), timeless: [], unrelatedLines: 0, lines: 0 }
}
