import type { Evidence, Fact, ReadModelSource, StoredEvent, StreamInfo } from '../events/index.ts'
import { type TimelineViolation, timelineHead } from './timeline.ts'

/** What a timeline keeps of an event: the fact, its time and place, and the evidence that it came from. */
export type TimelineEvent = Fact & {
  readonly position: number
  readonly uptimeNs: bigint
  readonly evidence: Evidence
}

/** An event as a row, to be small: position, type, ns since boot, data, source, line, raw, flags. */
type TimelineRow = readonly [number, string, string, unknown, string, number, string, number]

const flagInferred = 1
const flagLatin1 = 2

/** Events as a line of JSON. */
export function encodeTimelinePage(events: readonly StoredEvent[]): string {
  return JSON.stringify(
    events.map(({ position, type, uptimeNs, data, evidence }): TimelineRow => {
      const { source, line, raw, inferred, latin1 } = evidence
      const flags = (inferred === true ? flagInferred : 0) | (latin1 === true ? flagLatin1 : 0)
      return [position, type, String(uptimeNs), data, source, line, raw, flags]
    })
  )
}

/** The events of such a line. Only text of `encodeTimelinePage` is understood. */
export function decodeTimelinePage(text: string): TimelineEvent[] {
  return (JSON.parse(text) as TimelineRow[]).map(
    ([position, type, uptimeNs, data, source, line, raw, flags]) => {
      const evidence = {
        source,
        line,
        raw,
        ...((flags & flagInferred) === 0 ? {} : { inferred: true }),
        ...((flags & flagLatin1) === 0 ? {} : { latin1: true })
      }
      return { position, type, uptimeNs: BigInt(uptimeNs), data, evidence } as TimelineEvent
    }
  )
}

/** A timeline as lines of JSON: its head, then its events behind a position, a page a line, as they are read. */
export async function* timelineLines(
  log: ReadModelSource,
  info: StreamInfo,
  violations: readonly TimelineViolation[],
  after = 0
): AsyncGenerator<string> {
  yield JSON.stringify(await timelineHead(log, info, violations))
  for await (const page of log.read({ stream: info.stream, after, upTo: info.lastPosition })) {
    if (page.length > 0) yield encodeTimelinePage(page)
  }
}
