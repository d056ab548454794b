import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type FormattedSource,
  fileSource,
  headLines,
  type IngestSummary,
  ingest,
  recognise,
  survey
} from '../../src/collectors/index.ts'
import { openSqliteLog, type Policy, type SqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** A recording of a real kernel: the directory, and the kernel's policy by the first word of its name. */
export interface Recording {
  readonly name: string
  readonly path: string
  readonly policy: Policy
  readonly manifest: string
}

/** The recordings in the project, and any beside it that the project does not have. */
export function recordings(): Recording[] {
  const found = new Map<string, Recording>()
  for (const folder of [join(root, '../shared/traces'), join(root, 'test/recordings')]) {
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (!existsSync(join(path, 'snapshots.jsonl'))) continue
      const policy = name.startsWith('hyb-') ? 'hybrid' : 'mainline'
      found.set(name, { name, path, policy, manifest: join(folder, 'modules.json') })
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function readJsonLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** A snapshot as the recorder wrote it; times are ns. */
export interface Snapshot {
  readonly label: string
  readonly t: number
  readonly t1: number
  readonly livepatch: Readonly<Record<string, string | null>>
  readonly modules: readonly string[]
  readonly kprobes: readonly string[]
  readonly behaviour: {
    readonly cmdline: string | null
    readonly loadavg: string | null
    readonly lp_target_value: string | null
    readonly getpgrp: number
  }
}

export function snapshotsOf({ path }: Recording): Snapshot[] {
  return readJsonLines<Snapshot>(join(path, 'snapshots.jsonl'))
}

/** The files of a recording whose names pass, with the manifest. */
export async function sourcesOf(
  recording: Recording,
  accept: (file: string) => boolean
): Promise<FormattedSource[]> {
  const paths = readdirSync(recording.path)
    .filter(accept)
    .map((file) => join(recording.path, file))
  const sources: FormattedSource[] = []
  for (const path of [...paths, recording.manifest]) {
    const source = await fileSource(path)
    const format = recognise(await headLines(source), source.fileName)
    if (format === null) throw new Error(`${basename(path)} of ${recording.name} is not recognised`)
    sources.push({ source, format })
  }
  return sources
}

/** A log in a directory of its own, gone when closed. */
export async function temporaryLog(): Promise<
  SqliteLog & { readonly path: string; dispose(): Promise<void> }
> {
  const directory = mkdtempSync(join(tmpdir(), 'klplog-test-'))
  const path = join(directory, 'log.db')
  const log = await openSqliteLog({ path, readModels: [projections], durable: false })
  const dispose = async () => {
    await log.close()
    rmSync(directory, { recursive: true })
  }
  return Object.assign(log, { path, dispose })
}

/** A recording's files in a log: its stream bears the recording's name. */
export async function ingestRecording(
  recording: Recording,
  accept: (file: string) => boolean,
  policy: Policy | null = recording.policy
) {
  const log = await temporaryLog()
  const sources = await sourcesOf(recording, accept)
  const stream = `${recording.name}/0`
  const found = await survey(sources)
  const summary: IngestSummary = await ingest(log, {
    stream,
    boot: null,
    sources,
    found,
    policy,
    bootTimeNs: null
  })
  return { log, stream, summary }
}
