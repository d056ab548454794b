import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EvidenceFormat, Observation, Reading } from '../../src/collectors/observation.ts'

/** What a format makes of these lines, numbered from 1. */
export function readLines(format: EvidenceFormat, lines: readonly string[]): Reading[] {
  const reader = format.open()
  return [...lines.flatMap((raw, index) => reader.push(raw, index + 1)), ...reader.end()]
}

/** The only reading of these lines. */
export function readOne(format: EvidenceFormat, ...lines: string[]): Reading {
  const [reading, ...more] = readLines(format, lines)
  expect(more).toEqual([])
  if (!reading) throw new Error('no reading')
  return reading
}

/** The observations of the readings, in order. */
export function observationsIn(readings: readonly Reading[]): Observation[] {
  return readings.flatMap((reading) => ('observations' in reading ? reading.observations : []))
}

/** Why lines were rejected, in order. */
export function reasonsIn(readings: readonly Reading[]): string[] {
  return readings.flatMap((reading) => (reading.outcome === 'rejected' ? [reading.reason] : []))
}

const traces = join(import.meta.dirname, '../recordings')

/** False where the recordings were left out; tests that need them are then skipped. */
export const haveRecordings = existsSync(traces)

/** What a skipped test should be called, so that a reader sees why. */
export const fromRecordings = haveRecordings ? 'recordings' : 'recordings (skipped: no test/recordings)'

/** A file of the recordings' own folder, as lines. */
export function recordedLines(path: string): string[] {
  const lines = readFileSync(join(traces, path), 'utf8').split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** Every recorded file whose name matches: its path below the recordings, and its lines. */
export function recordedFiles(name: RegExp): { readonly path: string; readonly lines: string[] }[] {
  if (!haveRecordings) return []
  const folders = readdirSync(traces, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.flatMap((folder) =>
    readdirSync(join(traces, folder.name))
      .filter((file) => name.test(file))
      .map((file) => `${folder.name}/${file}`)
      .map((path) => ({ path, lines: recordedLines(path) }))
  )
}

/** Example lines, foreign lines, and example lines that were cut, changed, shuffled and repeated. */
function damaged(examples: readonly string[]): fc.Arbitrary<string[]> {
  const example = fc.constantFrom(...examples)
  const cut = fc.tuple(example, fc.nat()).map(([line, at]) => line.slice(0, at % (line.length + 1)))
  const changed = fc
    .tuple(example, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(3))
    .map(([line, at, put, removed]) => {
      const place = at % (line.length + 1)
      return line.slice(0, place) + put + line.slice(place + removed)
    })
  const any = fc.oneof(
    example,
    cut,
    changed,
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '[', '{', ']', '}')
  )
  const inOrder = fc
    .array(fc.nat(9), { minLength: examples.length, maxLength: examples.length })
    .map((repeats) =>
      examples.flatMap((line, index) => Array.from({ length: (repeats[index] ?? 1) % 3 }, () => line))
    )
  return fc
    .oneof(fc.array(any, { maxLength: 30 }), inOrder, fc.shuffledSubarray([...examples]))
    .map((lines) => lines.map((line) => line.replaceAll('\n', ' ')))
}

/** With every format together more than 100 000 pieces of damaged evidence. */
const damagedRunsPerFormat = 7_500

/** Whatever lines a source holds: nothing throws, and each line ends in exactly one reading. */
export function accountsForEveryLine(format: EvidenceFormat, examples: readonly string[]): void {
  test(`${format.name} accounts for every line of damaged evidence`, () => {
    fc.assert(
      fc.property(damaged(examples), fc.string(), (lines, fileName) => {
        const readings = readLines(format, lines)
        expect(readings.reduce((sum, reading) => sum + reading.lines, 0)).toBe(lines.length)
        const told = readings
          .filter((reading) => reading.lines > 0)
          .flatMap((reading) => reading.raw.split('\n'))
        expect(told.toSorted()).toEqual(lines.toSorted())
        for (const reading of readings) expect(lines[reading.line - 1]).toBe(reading.raw.split('\n')[0])
        for (const reason of reasonsIn(readings)) expect(reason).not.toBe('')
        const confidence = format.recognise(lines.slice(0, 50), fileName)
        expect(confidence).toBeGreaterThanOrEqual(0)
        expect(confidence).toBeLessThanOrEqual(1)
      }),
      { numRuns: damagedRunsPerFormat }
    )
  })
}
