import type {
  Fact,
  HistoryEvent,
  ReadModelRow,
  ReadModelSource,
  StoredEvent,
  StreamInfo
} from '../events/index.ts'
import { projections } from './read-model.ts'

/** A fact that no log has, with its time. */
export type DatedFact = Fact & { readonly uptimeNs: bigint }

/** A history that is in no log, to be asked as if it were: what a model tells of another world. */
export interface MemoryHistory {
  readonly log: ReadModelSource
  readonly info: StreamInfo
}

/** Facts as a history of their own; positions count from 1. `source` stands where others have their evidence. */
export function memoryHistory(stream: string, facts: readonly DatedFact[], source: string): MemoryHistory {
  const events = facts.map((fact, n) => storedAs(stream, fact, n + 1, source))
  const info: StreamInfo = {
    stream,
    revision: events.length,
    firstPosition: events.length === 0 ? 0 : 1,
    lastPosition: events.length,
    firstNs: events[0]?.uptimeNs ?? 0n,
    lastNs: events.at(-1)?.uptimeNs ?? 0n,
    lastWallNs: null,
    rejected: 0
  }
  return { log: sourceOf(info, events), info }
}

function storedAs(stream: string, fact: DatedFact, position: number, source: string): StoredEvent {
  return {
    ...fact,
    id: position.toString(16).padStart(32, '0'),
    wallNs: null,
    evidence: { source, line: 0, raw: '', inferred: true },
    position,
    stream,
    revision: position,
    version: 1
  }
}

function sourceOf(info: StreamInfo, events: readonly StoredEvent[]): ReadModelSource {
  const spans = spansOf(info.stream, events)
  return {
    streams: async () => [info],
    positionAt: async (_, ns) => events.findLast(({ uptimeNs }) => uptimeNs <= ns)?.position ?? 0,
    snapshotBefore: async () => null,
    history: (_, after, upTo) => [events.slice(after, upTo)],
    read: async function* ({ after = 0, upTo = events.length, types, pid }) {
      yield events
        .slice(after, upTo)
        .filter((event) => types === undefined || types.includes(event.type))
        .filter((event) => pid === undefined || ('pid' in event.data && event.data.pid === pid))
    },
    modelRows: async ({ equals = {}, at, sinceNs, untilNs, orderBy, distinct }) => {
      const rows = spans
        .filter((row) => Object.entries(equals).every(([column, value]) => row[column] === value))
        .filter((row) => at === undefined || holdsAt(row, at))
        .filter((row) => untilNs === undefined || (row.from_ns as bigint) <= untilNs)
        .filter((row) => sinceNs === undefined || row.to_ns === null || (row.to_ns as bigint) >= sinceNs)
        .sort((a, b) => inOrder(a, b, orderBy))
      if (distinct === undefined) return rows
      return [...new Set(rows.map((row) => row[distinct] ?? null))].map((value) => ({ [distinct]: value }))
    }
  }
}

/** The spans as the log would keep them: the last word on each. */
function spansOf(
  stream: string,
  events: readonly (HistoryEvent & { readonly revision: number })[]
): ReadModelRow[] {
  const fold = projections.open(stream, null)
  for (const event of events) fold.apply(event)
  return fold.drain().flatMap(({ table, rows }) => (table === 'spans' ? rows : []))
}

function holdsAt(row: ReadModelRow, position: number): boolean {
  return (
    Number(row.from_position) <= position && (row.to_position === null || position < Number(row.to_position))
  )
}

function inOrder(a: ReadModelRow, b: ReadModelRow, columns: readonly string[]): number {
  for (const column of columns) {
    const [x, y] = [a[column] ?? '', b[column] ?? '']
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}
