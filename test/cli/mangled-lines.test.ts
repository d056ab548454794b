import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { IngestReport } from '../../src/cli/ingest-report.ts'
import { fileSource, headLines, recognise } from '../../src/collectors/index.ts'
import type { RejectedEvidence } from '../../src/events/index.ts'
import { answer, klplog, temporaryDirectory } from './command-line.ts'
import { recordingNames, recordingPath } from './recording-paths.ts'
import { seeded } from './seeded.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

/** What may befall a line of a file. */
type Mishap = 'shuffle' | 'cut' | 'twice' | 'foreign' | 'bytes' | 'drop'
const mishaps: readonly Mishap[] = ['shuffle', 'cut', 'twice', 'foreign', 'bytes', 'drop']

const foreign = [
  '',
  '}',
  '{"a":',
  'Segmentation fault (core dumped)',
  '\u0000\u0000\u0000',
  '#',
  '-'.repeat(3000)
]

/** The lines, some of them as the mishaps left them; the same random numbers give the same lines. */
function mangle(lines: readonly string[], chosen: readonly Mishap[], random: () => number): string[] {
  const happens = (mishap: Mishap) => chosen.includes(mishap) && random() < 0.15
  const mangled: string[] = []
  for (const line of lines) {
    if (happens('drop')) continue
    if (happens('foreign')) mangled.push(foreign[Math.floor(random() * foreign.length)] ?? '')
    const cut = happens('cut') ? line.slice(0, Math.floor(random() * line.length)) : line
    const at = Math.floor(random() * cut.length)
    mangled.push(happens('bytes') ? `${cut.slice(0, at)}\xff\x00\xfe${cut.slice(at + 2)}` : cut)
    if (happens('twice')) mangled.push(cut)
    const other = Math.floor(random() * mangled.length)
    if (happens('shuffle')) mangled.push(...mangled.splice(other, 1))
  }
  return mangled
}

let files = 0

/** Ingests with all that can be said of the counts: each line is in exactly one, each rejected one is kept. */
async function expectAccounted(argv: readonly string[], lineCount: number | null): Promise<void> {
  const db = join(directory.path, `${files++}.db`)
  const ingest = ['ingest', ...argv, '--db', db, '--policy', 'hybrid']
  const reports = await answer<IngestReport[]>(ingest)
  let rejectedLines = 0
  for (const report of reports) {
    const { lines, usedLines, unrelatedLines, confirmingLines } = report
    expect(usedLines + unrelatedLines + confirmingLines + report.rejectedLines).toBe(lines)
    if (lineCount !== null) expect(lines).toBe(lineCount)
    rejectedLines += report.rejectedLines
  }
  const kept = await answer<RejectedEvidence[]>(['rejected', '--db', db])
  expect(kept.reduce((sum, { raw }) => sum + raw.split('\n').length, 0)).toBe(rejectedLines)
  for (const { reason } of kept) expect(reason).not.toBe('')
  expect((await klplog(['verify', '--db', db])).exitCode).toBe(0)
  for (const { appended } of await answer<IngestReport[]>(ingest)) expect(appended).toBe(0)
  expect(await answer<RejectedEvidence[]>(['rejected', '--db', db])).toEqual(kept)
}

const anyMishaps = fc.record({
  recording: fc.constantFrom(...recordingNames()),
  chosen: fc.subarray([...mishaps], { minLength: 1 }),
  seed: fc.integer()
})

describe('mangled evidence', () => {
  it('is accounted for line by line, file by file', async () => {
    await fc.assert(
      fc.asyncProperty(anyMishaps, fc.nat(), async ({ recording, chosen, seed }, nth) => {
        const names = readdirSync(recordingPath(recording)).sort()
        const path = join(recordingPath(recording), names[nth % names.length] ?? '')
        const source = await fileSource(path)
        const format = recognise(await headLines(source), source.fileName)
        if (format === null || ['manifest', 'notes', 'uname'].includes(format.name)) return
        const lines = mangle(readFileSync(path, 'latin1').trimEnd().split('\n'), chosen, seeded(seed))
        const mangled = join(directory.path, `${files++}.txt`)
        writeFileSync(mangled, `${lines.join('\n')}\n`, 'latin1')
        await expectAccounted([mangled, '--format', format.name], lines.length)
      }),
      { numRuns: 60 }
    )
  })

  it('is accounted for line by line, recording by recording', async () => {
    await fc.assert(
      fc.asyncProperty(anyMishaps, async ({ recording, chosen, seed }) => {
        const mangled = join(directory.path, `${files++}`)
        mkdirSync(mangled)
        const random = seeded(seed)
        for (const name of readdirSync(recordingPath(recording)).sort()) {
          const text = readFileSync(join(recordingPath(recording), name), 'latin1').trimEnd()
          const lines = mangle(text.split('\n'), chosen, random)
          // The first line is what a file is known by.
          const [first = ''] = text.split('\n')
          writeFileSync(join(mangled, name), `${[first, ...lines].join('\n')}\n`, 'latin1')
        }
        await expectAccounted([mangled], null)
      }),
      { numRuns: 20 }
    )
  })
})
