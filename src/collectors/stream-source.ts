import type { Reading } from './observation.ts'
import { type FormattedSource, readSource } from './read-source.ts'
import { type Misplaced, type Timed, TimeOrder } from './time-order.ts'

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

/** Pages of a source in the stream's time. `boot` keeps only what belongs to that boot, where lines tell. */
export async function* streamSource(
  formatted: FormattedSource,
  toUptime: ToUptime,
  boot: string | null,
  onBytes?: (bytes: number) => void
): AsyncGenerator<SourcePage> {
  const sorted = sortedFormats.has(formatted.format.name)
  const order = new TimeOrder()
  const held: Timed[] = []
  for await (const readings of readSource(formatted, onBytes)) {
    const page = {
      timed: [] as Timed[],
      timeless: [] as Reading[],
      refused: [] as Misplaced[],
      unrelatedLines: 0,
      lines: 0
    }
    for (const reading of readings) {
      page.lines += reading.lines
      if (reading.outcome === 'unrelated') page.unrelatedLines += reading.lines
      else if (reading.outcome === 'rejected') page.refused.push({ reading, reason: reading.reason })
      else if (reading.outcome === 'timeless') page.timeless.push(reading)
      else if (boot !== null && reading.bootId !== undefined && reading.bootId !== boot)
        page.unrelatedLines += reading.lines
      else {
        const uptimeNs = toUptime(reading)
        if (typeof uptimeNs === 'string') page.refused.push({ reading, reason: uptimeNs })
        else if (sorted) held.push({ uptimeNs, reading })
        else {
          const passed = order.push({ uptimeNs, reading })
          if (passed !== null) page.timed.push(passed)
        }
      }
    }
    page.refused.push(...order.misplaced())
    yield page
  }
  held.sort((a, b) => (a.uptimeNs < b.uptimeNs ? -1 : a.uptimeNs > b.uptimeNs ? 1 : 0))
  const rest: Timed[] = []
  for (const timed of held) {
    const passed = order.push(timed)
    if (passed !== null) rest.push(passed)
  }
  const last = order.end()
  if (last !== null) rest.push(last)
  yield { timed: rest, timeless: [], refused: order.misplaced(), unrelatedLines: 0, lines: 0 }
}
