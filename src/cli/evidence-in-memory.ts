import {
  type EvidenceFormat,
  type FormattedSource,
  ingest,
  type LineReader,
  type PatchManifest,
  type Reading,
  type Sink,
  survey
} from '../collectors/index.ts'
import type { AppendResult, HistoryEvent, NewEvent, Policy } from '../events/index.ts'

/** A source that is no file: its lines are in memory. `ended`: the last one has its line end. */
export function memorySource(
  name: string,
  format: EvidenceFormat,
  lines: readonly string[],
  ended = true
): FormattedSource {
  const bytes = Buffer.from(lines.join('\n') + (ended && lines.length > 0 ? '\n' : ''))
  return {
    format,
    source: {
      name,
      fileName: name,
      sizeBytes: bytes.length,
      open: async function* () {
        yield bytes
      }
    }
  }
}

/** The same source, kept in memory and understood once only, however often it is read. */
export async function keptInMemory({ source, format }: FormattedSource): Promise<FormattedSource> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source.open()) chunks.push(chunk)
  const told = new Map<number, Reading[]>()
  let last: Reading[] | null = null
  const open = (): LineReader => {
    if (last !== null) {
      const end = last
      return { push: (_raw, line) => told.get(line) ?? [], end: () => end }
    }
    const reader = format.open()
    return {
      push(raw, line, latin1) {
        const readings = reader.push(raw, line, latin1)
        if (readings.length > 0) told.set(line, readings)
        return readings
      },
      end() {
        last = reader.end()
        return last
      }
    }
  }
  return {
    source: {
      ...source,
      open: async function* () {
        yield* chunks
      }
    },
    format: { ...format, open }
  }
}

/** The boot that evidence is of, and what is known of it beside the evidence. */
export interface EvidenceBoot {
  readonly stream: string
  readonly policy: Policy | null
  readonly bootTimeNs: bigint | null
  /** What patches are made of, where no source tells. */
  readonly manifests?: ReadonlyMap<string, PatchManifest>
}

/** What evidence of one boot tells, without a database: as a log would have it, each id once. */
export async function toldBy(
  sources: readonly FormattedSource[],
  { manifests = new Map(), ...boot }: EvidenceBoot
): Promise<HistoryEvent[]> {
  const log = new MemoryLog()
  const found = await survey(sources)
  for (const [name, manifest] of manifests) found.manifests.set(name, manifest)
  await ingest(log, { ...boot, boot: null, sources, found })
  return log.events
}

class MemoryLog implements Sink {
  readonly events: HistoryEvent[] = []
  readonly #known = new Set<string>()

  async append(_stream: string, _expected: unknown, events: readonly NewEvent[]): Promise<AppendResult> {
    const before = this.events.length
    for (const event of events) {
      if (this.#known.has(event.id)) continue
      this.#known.add(event.id)
      this.events.push({ ...event, position: this.events.length + 1 })
    }
    const position = this.events.length
    const appended = position - before
    return { appended, skipped: events.length - appended, revision: position, position, digest: '' }
  }

  async reject(): Promise<number> {
    return 0
  }
}
