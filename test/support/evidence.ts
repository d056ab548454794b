import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type FormattedSource,
  formatNamed,
  type IngestSummary,
  ingest,
  type Source,
  survey
} from '../../src/collectors/index.ts'
import type { Policy, SqliteLog, StoredEvent } from '../../src/events/index.ts'
import { type Recording, temporaryLog } from './recordings.ts'

/** Evidence that is in no file. */
export function bytesSource(name: string, bytes: Uint8Array, chunkBytes = 1 << 18): Source {
  return {
    name,
    fileName: name,
    sizeBytes: bytes.length,
    open: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    }
  }
}

/** Lines of a format, each with its end. */
export function linesSource(name: string, format: string, lines: readonly string[]): FormattedSource {
  const found = formatNamed(format)
  if (found === undefined) throw new Error(`no format ${format}`)
  return { source: bytesSource(name, Buffer.from(lines.map((line) => `${line}\n`).join(''))), format: found }
}

/** The lines of a recording's file. */
export function linesOf({ path }: Recording, file: string): string[] {
  return readFileSync(join(path, file), 'utf8').trimEnd().split('\n')
}

/** The manifest of the recording's modules. */
export function manifestOf({ manifest }: Recording): FormattedSource {
  return linesSource('modules.json', 'manifest', readFileSync(manifest, 'utf8').trimEnd().split('\n'))
}

interface Ingested {
  readonly events: readonly StoredEvent[]
  readonly summary: IngestSummary
}

/** What sources of one boot tell; `use` may ask the log before it is gone. */
export async function ingestSources(
  sources: readonly FormattedSource[],
  more: { policy?: Policy | null; boot?: string | null; bootTimeNs?: bigint | null } = {},
  use: (log: SqliteLog, ingested: Ingested) => Promise<void> = async () => {}
): Promise<Ingested> {
  const { policy = null, boot = null, bootTimeNs = null } = more
  const log = await temporaryLog()
  try {
    const found = await survey(sources, boot)
    const summary = await ingest(log, { stream: 'host/boot', boot, sources, found, policy, bootTimeNs })
    const events: StoredEvent[] = []
    for await (const page of log.read({ stream: 'host/boot' })) events.push(...page)
    await use(log, { events, summary })
    return { events, summary }
  } finally {
    await log.dispose()
  }
}

/** What an event says, apart from where it was read. */
export function factOf({ type, uptimeNs, data }: StoredEvent): string {
  return `${uptimeNs} ${type} ${JSON.stringify(data)}`
}
