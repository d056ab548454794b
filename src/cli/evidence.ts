import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, normalize, parse, resolve } from 'node:path'
import {
  type EvidenceFormat,
  type FormattedSource,
  fileSource,
  formatNamed,
  formats,
  headLines,
  recognise,
  type Source,
  standardInput
} from '../collectors/index.ts'
import { InputError, UsageError } from './errors.ts'
import type { Io } from './io.ts'

/** The sources of one stream: a recording's directory, or the files that were named one by one. */
export interface Evidence {
  /** As the user named it, for messages. */
  readonly label: string
  /** What its host is called where nothing tells. */
  readonly name: string
  readonly sources: readonly FormattedSource[]
  /** Files of a directory that are no evidence. */
  readonly skipped: readonly string[]
}

/** What to make of the files. */
export interface EvidenceOptions {
  /** The kind of the files that are named one by one; else it is recognised. */
  readonly format?: string
  /** Files that say what patches patch; they count for every stream. */
  readonly manifest?: readonly string[]
}

/**
 * Finds the sources that the paths mean, and the kind of each: a directory is a recording of its own. Files
 * beside one directory belong to it, files without or beside several are together one; a manifest counts for all.
 * @throws InputError when a path cannot be read, or holds no evidence
 */
export async function gatherEvidence(
  paths: readonly string[],
  options: EvidenceOptions,
  stdin: Io['stdin']
): Promise<Evidence[]> {
  const manifests = await Promise.all((options.manifest ?? []).map(manifestSource))
  const found: Evidence[] = []
  const files: FormattedSource[] = []
  for (const path of new Set(paths.map((one) => (one === '-' ? one : normalize(one))))) {
    const isDirectory = path !== '-' && (await stat(path)).isDirectory()
    if (isDirectory) found.push(await recording(path, options))
    else files.push(await named(path === '-' ? await standardInput(stdin) : await fileOrPipe(path), options))
  }
  const [only, ...others] = found
  if (only !== undefined) {
    manifests.push(...files.filter((file) => file.format.name === 'manifest'))
    const loose = files.filter((file) => file.format.name !== 'manifest')
    if (others.length === 0) found[0] = { ...only, sources: [...only.sources, ...loose] }
    else if (loose.length > 0) found.push(looseFiles(loose))
  } else if (files.length > 0) {
    found.push(looseFiles(files))
  }
  return found.map((one) => ({ ...one, sources: inOrder([...one.sources, ...manifests]) }))
}

function looseFiles(sources: readonly FormattedSource[]): Evidence {
  const label = sources.map(({ source }) => source.name).join(', ')
  if (!sources.some(tellsOfBoot)) {
    throw new InputError(
      `${label}: nothing in it happened at any time`,
      'Ingest it together with a trace, a kernel log or a snapshot; a manifest with --manifest.'
    )
  }
  const [first] = sources
  const name = first === undefined || first.source.name === '-' ? 'stdin' : parse(first.source.fileName).name
  return { label, name, sources, skipped: [] }
}

/** Traces come before what only repeats them: of two lines of the same time the first source's goes first. */
function inOrder(sources: readonly FormattedSource[]): FormattedSource[] {
  return sources.toSorted((a, b) => formats.indexOf(a.format) - formats.indexOf(b.format))
}

async function recording(path: string, { format }: EvidenceOptions): Promise<Evidence> {
  if (format !== undefined) {
    throw new UsageError(
      `--format says what a file is, and ${path} is a directory`,
      'Leave --format out, or name the files.'
    )
  }
  const sources: FormattedSource[] = []
  const skipped: string[] = []
  let hasDirectories = false
  for (const name of (await readdir(path)).sort()) {
    const file = join(path, name)
    // A link may lead nowhere.
    const kind = await stat(file).catch(() => null)
    hasDirectories ||= kind?.isDirectory() === true
    if (kind === null) skipped.push(name)
    if (kind?.isFile() !== true) continue
    const source = await fileSource(file)
    const recognised = recognise(await headLines(source), source.fileName)
    if (recognised === null) skipped.push(name)
    else sources.push({ source, format: recognised })
  }
  if (!sources.some(tellsOfBoot)) throw noRecording(path, hasDirectories)
  return { label: path, name: basename(resolve(path)), sources, skipped }
}

/** A manifest or a word on the kernel alone is no recording: nothing in it happened. */
function tellsOfBoot({ format }: FormattedSource): boolean {
  return !['manifest', 'notes', 'uname'].includes(format.name)
}

function noRecording(path: string, hasDirectories: boolean): InputError {
  return new InputError(
    `${path} holds no evidence that klplog recognises`,
    hasDirectories
      ? `Its directories may be recordings: klplog ingest ${join(path, '*/')}`
      : `${tried}\nName its files with --format NAME where they are evidence.`
  )
}

const tried = `Tried: ${formats.map(({ name }) => name).join(', ')}.`

async function named(source: Source, { format }: EvidenceOptions): Promise<FormattedSource> {
  const given = format === undefined ? undefined : formatNamed(format)
  if (given !== undefined) return { source, format: given }
  const head = await headLines(source)
  if (head.length === 0) throw new InputError(`${source.name} is empty`, 'Check how it was recorded.')
  const recognised = recognise(head, source.fileName)
  if (recognised !== null) return { source, format: recognised }
  throw new InputError(
    `${source.name} is no kind of evidence that klplog recognises`,
    `${tried}\nIf it is one of them, say so with --format NAME.`
  )
}

async function manifestSource(path: string): Promise<FormattedSource> {
  return { source: await fileOrPipe(normalize(path)), format: formatNamed('manifest') as EvidenceFormat }
}

/** What is no regular file can be read once only, so it is kept in memory. */
async function fileOrPipe(path: string): Promise<Source> {
  const kind = await stat(path)
  if (kind.isFile()) return fileSource(path)
  if (kind.isCharacterDevice()) {
    throw new InputError(
      `${path} is a device, which has no end`,
      `Save what it says to a file first, or pipe it: timeout 1 cat ${path} | klplog ingest -`
    )
  }
  return { ...(await standardInput(createReadStream(path))), name: path, fileName: basename(path) }
}
