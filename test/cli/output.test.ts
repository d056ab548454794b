import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { App } from '../../src/cli/app.ts'
import { counted, printAnswer, printRows, table, toJson, visible, wallTime } from '../../src/cli/output.ts'
import { seconds } from '../../src/projections/index.ts'
import { collectedIo } from './command-line.ts'

function app(isTTY: boolean, env: Record<string, string> = {}) {
  const { io, outcome } = collectedIo({ isTTY, env })
  return { app: new App(io, {}), outcome }
}

const columns = [{ head: 'NAME' }, { head: 'N', align: 'right' }, { head: 'WHY' }] as const

describe('a table', () => {
  it('has plain columns, no borders and no spaces at the end of a line', () => {
    const text = table(app(false).app, columns, [
      ['lp_a', 1, null],
      ['lp_long_name', 20n, true]
    ])
    expect(text).toBe(['NAME           N  WHY', 'lp_a           1  -', 'lp_long_name  20  yes'].join('\n'))
  })

  it('aligns in colour as it does without', () => {
    const sgr = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
    const colored = app(true).app
    const rows = [[{ value: 'lp_a', color: colored.colors.red }, 1, 'x']]
    const text = table(colored, columns, rows)
    expect(text).toMatch(sgr)
    expect(text.replaceAll(sgr, '')).toBe(table(app(false).app, columns, [['lp_a', 1, 'x']]))
  })

  it('spells out what a terminal would obey', () => {
    expect(visible('a\x1b[2Jb\nc\td\u009b\u2028')).toBe('a\\x1b[2Jb\\x0ac\td\\x9b\\u2028')
    expect(table(app(true).app, columns, [['\x1b]0;x\x07', 1, '']])).not.toContain('\x1b]0')
  })
})

describe('colour', () => {
  it.each([
    [false, {}, false],
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false]
  ])('terminal %s with %o: %s', (isTTY, env, colored) => {
    expect(app(isTTY, env).app.colors.isColorSupported).toBe(colored)
  })
})

describe('times', () => {
  it('are seconds with six digits, cut as the kernel cuts them', () => {
    expect(seconds(21_318_403_548n)).toBe('21.318403')
    expect(seconds('999')).toBe('0.000000')
    expect(seconds(2n ** 63n - 1n)).toBe('9223372036.854775')
  })

  it('are wall times to the microsecond', () => {
    expect(wallTime(1_700_000_000_123_456_789n, { utc: true })).toBe('2023-11-14 22:13:20.123456Z')
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (ns) => {
        const iso = new Date(Number(ns / 1_000_000n)).toISOString()
        expect(wallTime(ns, { utc: true }).slice(0, 23)).toBe(iso.slice(0, 23).replace('T', ' '))
      })
    )
  })

  it('count things', () => {
    expect([0, 1, 2].map((count) => counted(count, 'line'))).toEqual(['0 lines', '1 line', '2 lines'])
  })
})

describe('JSON', () => {
  const rows = [{ a: 1 }, { a: 2n ** 63n }]
  async function* pages() {
    yield []
    yield rows.slice(0, 1)
    yield rows.slice(1)
  }

  it('loses no digit of an integer', () => {
    expect(toJson({ ns: 2n ** 63n - 1n })).toBe('{"ns":"9223372036854775807"}')
  })

  it('is one value as json and a line each as jsonl, whether it comes at once or in pages', async () => {
    for (const isTTY of [false, true]) {
      const parsed: unknown[] = []
      for (const output of ['json', 'jsonl'] as const) {
        const once = app(isTTY)
        await printAnswer(once.app, { output }, rows, String)
        const paged = app(isTTY)
        await printRows(paged.app, { output }, pages(), String)
        for (const { stdout } of [once.outcome(), paged.outcome()]) {
          const lines = output === 'json' ? [stdout] : stdout.trimEnd().split('\n')
          parsed.push(lines.flatMap((line) => JSON.parse(line) as unknown))
        }
      }
      const one = [{ a: 1 }, { a: String(2n ** 63n) }]
      expect(parsed).toEqual([one, one, one, one])
    }
    const empty = app(false)
    await printRows(empty.app, { json: true }, (async function* () {})(), String)
    expect(empty.outcome().stdout).toBe('[]\n')
  })
})
