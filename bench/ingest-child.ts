import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import {
  type FormattedSource,
  fileSource,
  headLines,
  ingest as ingestInto,
  recognise,
  survey
} from '../src/collectors/index.ts'
import { type NewEvent, openSqliteLog } from '../src/events/index.ts'
import { projections, stateAt } from '../src/projections/index.ts'
import { Floor } from './floor.ts'
import { stream } from './histories.ts'
import { Random } from './random.ts'
import { startClocks } from './rounds.ts'

/** What a process that ingested tells about itself. */
export interface IngestReport {
  readonly lines: number
  readonly events: number
  readonly clockMs: number
  readonly processorMs: number
  /** Resident memory, its peak and what it was before the first line. */
  readonly peakMb: number
  readonly startMb: number
}

const [mode, database = '', trace = '', manifest = ''] = process.argv.slice(2)
const startMb = process.memoryUsage.rss() / 1e6
const stop = startClocks()
const done = mode === 'floor' ? await storeLines(database, trace) : await ingest(database, [trace, manifest])
const passed = stop()
// Linux and Node tell it in KiB.
const peakMb = (process.resourceUsage().maxRSS * 1024) / 1e6
console.log(JSON.stringify({ ...done, ...passed, startMb, peakMb } satisfies IngestReport))

/** What `klplog ingest` does, with everything that it checks. */
async function ingest(path: string, paths: readonly string[]) {
  const log = await openSqliteLog({ path, readModels: [projections] })
  const sources = await Promise.all(paths.map(formatted))
  const found = await survey(sources)
  const job = { stream, boot: null, sources, found, policy: 'mainline', bootTimeNs: null } as const
  const { lines, appended, rejectedLines } = await ingestInto(log, job)
  const state = await stateAt(log, stream, appended)
  if (rejectedLines > 0 || state.doubt.patches !== null || state.lateEvents > 0) {
    throw new Error(
      `the trace is no legal history: ${rejectedLines} lines rejected, ${state.doubt.patches?.reason}`
    )
  }
  await log.close()
  return { lines, events: appended }
}

async function formatted(path: string): Promise<FormattedSource> {
  const source = await fileSource(path)
  const format = recognise(await headLines(source), source.fileName)
  if (format === null) throw new Error(`${path} is not recognised`)
  return { source, format }
}

/** The floor: each line becomes a row as it is, 1000 to a transaction, and nobody asks what it means. */
async function storeLines(path: string, text: string) {
  const floor = await Floor.open({ path })
  const random = new Random(1)
  const data = { patch: 'lp_cumul_0', goal: 'patched', pid: 1, comm: 'nginx', how: 'checked' } as const
  let lines = 0
  let batch: NewEvent[] = []
  for await (const raw of createInterface({ input: createReadStream(text) })) {
    lines += 1
    batch.push({
      type: 'task.switched',
      data,
      id: random.hex128(),
      uptimeNs: BigInt(lines) * 1000n,
      wallNs: null,
      evidence: { source: text, line: lines, raw }
    })
    if (batch.length < 1000) continue
    floor.append(batch)
    batch = []
  }
  floor.append(batch)
  floor.close()
  return { lines, events: lines }
}
