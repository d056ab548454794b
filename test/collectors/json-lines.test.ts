import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  address,
  checked,
  parseJson,
  symbolAt,
  wholeNumber
} from '../../src/collectors/formats/json-lines.ts'

const parsed = (text: string) => {
  const result = parseJson(text)
  return result.ok ? result.value : result.reason
}

describe('parseJson', () => {
  test('keeps whole numbers that a double would round', () => {
    expect(
      parsed('{"addr":18446744072101859332,"n":[9007199254740993,-9007199254740993,9007199254740991]}')
    ).toEqual({
      addr: 18_446_744_072_101_859_332n,
      n: [9_007_199_254_740_993n, -9_007_199_254_740_993n, 9_007_199_254_740_991]
    })
  })

  test('leaves digits inside of strings, fractions and exponents alone', () => {
    const text = '{"a":"18446744072101859332","b\\"18446744072101859332":0.12345678901234567890,"c":1e300}'
    expect(parsed(text)).toEqual(JSON.parse(text))
  })

  test('refuses what JSON refuses, and a mark that it did not set itself', () => {
    expect(parsed('{"a":01844674407210185933}')).toMatch(/^cut or damaged JSON: /)
    expect(parsed('{"a":18446744072101859332')).toMatch(/^cut or damaged JSON: /)
    expect(parsed('{"\\u0000whole":"x","b":18446744072101859332}')).toMatch(/^cut or damaged JSON: /)
    expect(parsed(`[${'1'.repeat(10_000_000)}]`)).toEqual([Number.POSITIVE_INFINITY])
  })

  test('agrees with JSON.parse on every value without wide numbers', () => {
    const leaves = [
      fc.string(),
      fc.integer(),
      fc.float({ min: -1e6, max: 1e6 }),
      fc.boolean(),
      fc.constant(null)
    ]
    fc.assert(
      fc.property(fc.object({ key: fc.string(), values: leaves }), (value) => {
        const text = JSON.stringify(value)
        expect(parsed(`[${text},18446744072101859332]`)).toEqual([
          JSON.parse(text),
          18_446_744_072_101_859_332n
        ])
      })
    )
  })

  test('keeps every digit of every whole number', () => {
    fc.assert(
      fc.property(fc.bigInt(), (number) => {
        const value = checked(wholeNumber, parsed(String(number)))
        expect(value).toEqual({ ok: true, value: number })
      })
    )
  })
})

test('a whole number is neither text nor a fraction', () => {
  for (const value of ['12', 1.5, null, Number.NaN, 2 ** 53, true]) {
    expect(checked(wholeNumber, value)).toEqual({ ok: false, reason: 'not a whole number' })
  }
})

test('an address is 0x text, however it was written', () => {
  expect(checked(address, '0xFFFFFFFFA0209004')).toEqual({ ok: true, value: '0xffffffffa0209004' })
  expect(checked(address, 18_446_744_072_101_855_236n)).toMatchObject({ value: '0xffffffffa02c8004' })
  expect(checked(address, 'lp_hook')).toEqual({ ok: false, reason: 'not an address' })
})

test('a symbol has an offset when there is one', () => {
  expect(symbolAt('f', 0n)).toBe('f')
  expect(symbolAt('f', undefined)).toBe('f')
  expect(symbolAt('f', 20n)).toBe('f+0x14')
  expect(symbolAt('', 20n)).toBe(null)
})
