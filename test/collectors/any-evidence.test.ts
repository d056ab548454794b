import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type FormattedSource,
  formats,
  type IngestSummary,
  ingest,
  recognise,
  survey
} from '../../src/collectors/index.ts'
import type { Policy, RejectedEvidence } from '../../src/events/index.ts'
import { bytesSource, ingestSources, linesSource } from '../support/evidence.ts'
import { recordings, temporaryLog } from '../support/recordings.ts'

/** Whatever comes to the door of the room: nothing throws, no line is lost, and nothing is told twice. */

/** Every file of every recording, with the format that it is known by. */
const files = recordings().flatMap(({ path }) =>
  readdirSync(path).flatMap((name) => {
    const bytes = readFileSync(join(path, name))
    const format = recognise(bytes.toString('utf8').split('\n').slice(0, 50), name)
    return format === null ? [] : [{ name, format, lines: splitLines(bytes) }]
  })
)

/** Lines as bytes, without their ends; a last line need not have one. */
function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    lines.push(bytes.subarray(at, end < 0 ? bytes.length : end))
    at = end < 0 ? bytes.length : end + 1
  }
  return lines
}

/** A part of a real file, so that a run is short and begins anywhere. */
const part = fc
  .record({ file: fc.constantFrom(...files), from: fc.nat(), count: fc.integer({ min: 1, max: 120 }) })
  .map(({ file, from, count }) => {
    const at = from % file.lines.length
    return { ...file, lines: file.lines.slice(at, at + count) }
  })

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom('', '{', '}', '[', '# tracer: nop', 'CPU:0 [LOST 7 EVENTS]', '\u0000', '\r', '{"t":1}')
    .map((text) => Buffer.from(text)),
  part.map(({ lines }) => lines[0] ?? Buffer.alloc(0))
)

const mishap = fc.oneof(
  fc.record({ how: fc.constant('insert' as const), at: fc.nat(), bytes: noise }),
  fc.record({ how: fc.constantFrom('cut', 'drop', 'twice', 'swap'), at: fc.nat(), bytes: fc.constant(null) }),
  fc.record({ how: fc.constant('splice' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 4 }) })
)

type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never
type Mishap = Generated<typeof mishap>

function befall(lines: readonly Buffer[], mishaps: readonly Mishap[]): Buffer[] {
  const left = [...lines]
  for (const { how, at, bytes } of mishaps) {
    const n = at % (left.length + 1)
    const line = left[n] ?? Buffer.alloc(0)
    const middle = at % (line.length + 1)
    if (how === 'insert') left.splice(n, 0, Buffer.from(bytes ?? []))
    else if (how === 'drop') left.splice(n, 1)
    else if (how === 'twice') left.splice(n, 0, line)
    else if (how === 'swap') left.push(...left.splice(n, 1))
    else if (how === 'cut') left.splice(n, 1, line.subarray(0, middle))
    else
      left.splice(
        n,
        1,
        Buffer.concat([line.subarray(0, middle), Buffer.from(bytes ?? []), line.subarray(middle + 1)])
      )
  }
  // What has a line feed in it is more than one line.
  return left.flatMap((line) =>
    line.includes(10) ? splitLines(Buffer.concat([line, Buffer.from('\n')])) : [line]
  )
}

const evidence = fc
  .record({
    part,
    mishaps: fc.array(mishap, { maxLength: 12 }),
    stranger: fc.option(fc.constantFrom(...formats), { freq: 6 }),
    chunkBytes: fc.integer({ min: 1, max: 4000 })
  })
  .map(({ part: { name, format, lines }, mishaps, stranger, chunkBytes }) => {
    const left = befall(lines, mishaps)
    return { name, format: stranger ?? format, lines: left, chunkBytes }
  })

type Evidence = Generated<typeof evidence>

let log: Awaited<ReturnType<typeof temporaryLog>>
let streams = 0
let cases = 0

beforeAll(async () => {
  log = await temporaryLog()
})

afterAll(async () => {
  await log.dispose()
  console.log(`${cases} ingests of damaged evidence`)
})

async function ingestAll(
  stream: string,
  all: readonly Evidence[],
  policy: Policy | null
): Promise<IngestSummary> {
  const sources: FormattedSource[] = all.map(({ name, format, lines, chunkBytes }, n) => {
    const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
    return { source: bytesSource(`${n}-${name}`, bytes, chunkBytes), format }
  })
  const found = await survey(sources)
  return ingest(log, { stream, boot: null, sources, found, policy, bootTimeNs: null })
}

/** Its lines are in the file from where it says on, byte by byte; a record may have blank ones between. */
function isKept({ source, line, raw, latin1 }: RejectedEvidence, all: readonly Evidence[]): boolean {
  const lines = all[Number.parseInt(source, 10)]?.lines ?? []
  let at = line - 1
  return raw.split('\n').every((text, n) => {
    const bytes = Buffer.from(text, latin1 === true ? 'latin1' : 'utf8')
    const found = lines.findIndex((one, m) => m >= at && withoutCr(one).equals(bytes))
    at = found + 1
    return n === 0 ? found === line - 1 : found >= 0
  })
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line
}

test('each line is used, unrelated, confirming or rejected, and kept when it is rejected', async () => {
  const policy = fc.constantFrom<Policy | null>('mainline', 'hybrid', 'replace-set', null)
  await fc.assert(
    fc.asyncProperty(fc.array(evidence, { minLength: 1, maxLength: 4 }), policy, async (all, chosen) => {
      const stream = `any/${++streams}`
      cases += 1
      const first = await ingestAll(stream, all, chosen)
      const { lines, usedLines, unrelatedLines, confirmingLines, rejectedLines } = first
      expect(lines).toBe(all.reduce((sum, one) => sum + one.lines.length, 0))
      expect(usedLines + unrelatedLines + confirmingLines + rejectedLines).toBe(lines)
      const kept = await log.rejected({ stream, limit: 1_000_000 })
      const keptLines = kept.reduce((sum, { raw }) => sum + raw.split('\n').length, 0)
      // A line of a manifest may hold a patch that is understood beside one that is not.
      if (all.some(({ format }) => format.name === 'manifest'))
        expect(keptLines).toBeGreaterThanOrEqual(rejectedLines)
      else expect(keptLines).toBe(rejectedLines)
      for (const one of kept) {
        expect(one.reason).not.toBe('')
        expect(isKept(one, all), `${one.source}:${one.line} ${one.raw}`).toBe(true)
      }
      const again = await ingestAll(stream, all, chosen)
      expect(again).toMatchObject({ lines, usedLines, rejectedLines, appended: 0 })
      expect(await log.rejected({ stream, limit: 1_000_000 })).toEqual(kept)
    }),
    { numRuns: 500 }
  )
})

test('half a character, which JSON can spell and no text can hold, costs its own line only', async () => {
  const attach = (name: string) =>
    `{"type": "printf", "data": "8865244531 perf_event_set_bpf_prog prog=${name}\\n"}`
  const lines = [attach('\\ud83d'), attach('\\ud83d\\udc27'), attach('ov')]
  const { events, summary } = await ingestSources([linesSource('b.jsonl', 'bpftrace', lines)])
  expect(summary).toMatchObject({ lines: 3, rejectedLines: 1 })
  expect(events.flatMap(({ data }) => ('program' in data ? [data.program] : []))).toEqual(['🐧', 'ov'])
})

test('a reason that quotes half of a character is mended', async () => {
  const lines = ['🐧 is no command', '{"step":1}']
  await ingestSources([linesSource('commands.txt', 'commands', lines)], {}, async (kept) => {
    for (const { reason } of await kept.rejected({})) expect(Buffer.from(reason).toString()).toBe(reason)
    expect((await kept.rejected({})).length).toBe(2)
  })
})
