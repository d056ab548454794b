import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  answersOf,
  Chance,
  compareAnswers,
  type EvidenceText,
  evidenceFaults,
  evidenceShapes
} from '../../src/replay/index.ts'
import { enabled, eventsOf, type HandMade, patched } from '../projections/hand-made.ts'

const header = ['# tracer: nop', '#', '# entries-in-buffer/entries-written: 40/40   #P:2', '#']

const records = Array.from({ length: 40 }, (_, n) => {
  const time = `${n + 1}.000000`.padStart(12)
  return `              sh-45      [00${n % 3 === 0 ? 1 : 0}] ..... ${time}: tracing_mark_write: STEP ${n}`
})

const trace: EvidenceText = { lines: [...header, ...records], ended: true }

function faulty(name: string, seed: number): readonly EvidenceText[] {
  const fault = evidenceFaults.find((one) => one.name === name)
  const shape = evidenceShapes.ftrace
  if (fault === undefined || shape === undefined) throw new Error(`no fault ${name}`)
  return fault.apply(trace, shape, new Chance(seed)) ?? []
}

const anySeed = fc.nat(1_000_000)

/** Holds for whatever place the seed chooses. */
function always(name: string, holds: (lines: readonly string[], copy: EvidenceText) => void): void {
  fc.assert(
    fc.property(anySeed, (seed) => {
      for (const copy of faulty(name, seed)) holds(copy.lines, copy)
    })
  )
}

const isRecord = (line: string) => line.startsWith(' ')

describe('every fault', () => {
  test.each(evidenceFaults)('$name is the same at the same seed, and never what the file was', ({ name }) => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        expect(faulty(name, seed)).toEqual(faulty(name, seed))
      })
    )
    const texts = new Set(Array.from({ length: 50 }, (_, seed) => JSON.stringify(faulty(name, seed))))
    expect(texts.size).toBeGreaterThan(10)
  })
})

describe('what the tools leave behind', () => {
  test.each(['lost-events', 'two-collectors'])(
    '%s: the mark counts what is gone before its CPU goes on',
    (name) => {
      always(name, (lines) => {
        const at = lines.findIndex((line) => line.includes('LOST'))
        const [, cpu, count] = /^CPU:(\d) \[LOST (\d+) EVENTS\]$/.exec(lines[at] ?? '') ?? []
        const next = lines[at + 1] ?? ''
        expect(next).toContain(`[00${cpu}]`)
        const own = records.filter((line) => line.includes(`[00${cpu}]`))
        const before = own.slice(0, own.indexOf(next))
        const gone = before.filter((line) => !lines.includes(line))
        expect(gone.length).toBeGreaterThanOrEqual(Number(count))
        expect(before.slice(-Number(count)).every((line) => gone.includes(line))).toBe(true)
      })
    }
  )

  test('lost-silently keeps the header, which counts more than there is', () => {
    always('lost-silently', (lines) => {
      expect(lines.slice(0, header.length)).toEqual(header)
      expect(lines.filter(isRecord).length).toBeLessThan(40)
    })
  })

  test('cut ends within a line', () => {
    always('cut', (lines, { ended }) => {
      expect(ended).toBe(false)
      const last = lines.at(-1) ?? ''
      expect(records.some((record) => record !== last && record.startsWith(last))).toBe(true)
    })
  })

  test('collector-restarted: each part has a header of its own, which counts its own records', () => {
    always('collector-restarted', (lines) => {
      const second = lines.lastIndexOf('# tracer: nop')
      expect(second).toBeGreaterThan(0)
      for (const part of [lines.slice(0, second), lines.slice(second)]) {
        const count = part.filter(isRecord).length
        expect(part[2]).toBe(`# entries-in-buffer/entries-written: ${count}/${count}   #P:2`)
      }
    })
  })

  test('duplicated and reordered lose nothing', () => {
    always('duplicated', (lines) => expect(new Set(lines)).toEqual(new Set(trace.lines)))
    always('reordered', (lines) => expect([...lines].sort()).toEqual([...trace.lines].sort()))
  })

  test('a clock that was set shifts every later time by as much', () => {
    const secondsOf = (line: string) => Number(/(\d+\.\d+): /.exec(line)?.[1])
    for (const name of ['clock-step-back', 'clock-step-ahead']) {
      always(name, (lines) => {
        const shifts = lines.filter(isRecord).map((line, n) => secondsOf(line) - (n + 1))
        const step = shifts.find((shift) => shift !== 0) ?? 0
        expect(Math.sign(step)).toBe(name === 'clock-step-back' ? -1 : 1)
        expect(Math.abs(step)).toBeGreaterThanOrEqual(0.0199)
      })
    }
  })
})

describe('the comparison', () => {
  const whole: HandMade[] = [enabled(1, 'lp', ['f']), ...patched(2, 'lp')]
  const lost: HandMade = [6, 'evidence.lost', { count: null, reason: 'the toy forgot' }]
  const freed: HandMade = [9, 'patch.freed', { patch: 'lp' }]
  const told = (...facts: HandMade[]) =>
    answersOf(eventsOf(facts).map((event, n) => ({ ...event, position: n + 1 })))

  test('finds the same answers equal', () => {
    expect(compareAnswers(told(...whole), told(...whole))).toEqual({ outcome: 'equal' })
  })

  test('lets an answer be another one while it is marked as unsure, and says for how long', () => {
    expect(compareAnswers(told(...whole, freed), told(...whole, lost))).toEqual({
      outcome: 'unsure',
      unsure: { fromNs: 6_000_000n, toNs: null }
    })
  })

  test('names the first moment of a wrong answer that is not', () => {
    const comparison = compareAnswers(told(...whole, freed), told(...whole))
    expect(comparison).toMatchObject({ outcome: 'wrong', wrong: { fromNs: 9_000_000n, noticed: false } })
    expect(
      compareAnswers(told(...whole, freed), told(...whole, [12, 'patch.freed', { patch: 'lp' }]))
    ).toMatchObject({
      outcome: 'wrong',
      wrong: { fromNs: 9_000_000n, toNs: 12_000_000n, noticed: true }
    })
  })
})
