import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'

/** Where evidence is read from: a file, or standard input. */
export interface Source {
  /** As the user named it; events carry it. */
  readonly name: string
  readonly fileName: string
  readonly sizeBytes: number | null
  /** Standard input can be read once only, so it is kept in memory by whoever needs it twice. */
  open(): AsyncIterable<Uint8Array>
}

/**
 * A line without its end; `latin1` when its bytes are not UTF-8 and each character is one of them. `cut`: the
 * source ended before the line did.
 */
export interface Line {
  readonly text: string
  readonly latin1: boolean
  readonly cut?: boolean
}

/** Bytes a line may have; a longer run of bytes is cut there, so that no input can fill the memory. */
const lineBytesMax = 4 * 1024 * 1024

export async function fileSource(path: string): Promise<Source> {
  const { size } = await stat(path)
  return {
    name: path,
    fileName: basename(path),
    sizeBytes: size,
    open: () => createReadStream(path, { highWaterMark: 1 << 18 })
  }
}

/** Standard input, read whole, since evidence is looked at twice: for what it tells at all, then in order. */
export async function standardInput(stream: AsyncIterable<Uint8Array>): Promise<Source> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  return {
    name: '-',
    fileName: '-',
    sizeBytes,
    open: async function* () {
      yield* chunks
    }
  }
}

/** The source's lines, in pages of whatever came in one read. `onBytes` hears how many bytes were read. */
export async function* readLines(
  source: Source,
  onBytes: (bytes: number) => void = () => {}
): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of source.open()) {
    onBytes(chunk.length)
    const bytes: Buffer =
      rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(10) + 1
    if (end > 0) yield linesOf(bytes.subarray(0, end - 1))
    rest = bytes.subarray(end)
    while (rest.length > lineBytesMax) {
      yield [lineOf(rest.subarray(0, lineBytesMax))]
      rest = rest.subarray(lineBytesMax)
    }
  }
  if (rest.length > 0) yield [{ ...lineOf(rest), cut: true }]
}

/** The first lines of a source, for recognising it. */
export async function headLines(source: Source, countMax = 50): Promise<string[]> {
  for await (const page of readLines(source)) return page.slice(0, countMax).map((line) => line.text)
  return []
}

function linesOf(bytes: Buffer): Line[] {
  const text = bytes.toString('utf8')
  if (!text.includes('\uFFFD'))
    return text.split('\n').map((line) => ({ text: withoutCr(line), latin1: false }))
  const lines: Line[] = []
  for (let at = 0; at <= bytes.length; ) {
    const newline = bytes.indexOf(10, at)
    const end = newline < 0 ? bytes.length : newline
    lines.push(lineOf(bytes.subarray(at, end)))
    at = end + 1
  }
  return lines
}

function lineOf(bytes: Buffer): Line {
  const text = bytes.toString('utf8')
  const lossless = !text.includes('\uFFFD') || Buffer.from(text, 'utf8').equals(bytes)
  return lossless
    ? { text: withoutCr(text), latin1: false }
    : { text: withoutCr(bytes.toString('latin1')), latin1: true }
}

function withoutCr(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text
}
