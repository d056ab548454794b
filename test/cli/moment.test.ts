import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askerOf } from '../../src/cli/asker.ts'
import {
  parseDuration,
  parseEpochSeconds,
  parseMoment,
  parseWallTime,
  QuestionError
} from '../../src/projections/index.ts'

const second = 1_000_000_000n
const nowNs = BigInt(Date.UTC(2026, 10, 23, 15, 30, 0)) * 1_000_000n
const utc = askerOf(nowNs, true)
const local = askerOf(nowNs, false)
const wall = (...parts: Parameters<typeof Date.UTC>) => BigInt(Date.UTC(...parts)) * 1_000_000n

const fraction = () => fc.stringMatching(/^\d{1,9}$/)
const fractionNs = (digits: string) => BigInt(digits.padEnd(9, '0'))

describe('a moment as a user types it', () => {
  it.each([
    ['@417', { kind: 'position', position: 417 }],
    ['+21.5', { kind: 'uptime', ns: 21_500_000_000n }],
    ['+21.5s', { kind: 'uptime', ns: 21_500_000_000n }],
    ['+1h2m3s', { kind: 'uptime', ns: 3_723n * second }],
    ['+21318403548ns', { kind: 'uptime', ns: 21_318_403_548n }],
    ['+9223372036854775807ns', { kind: 'uptime', ns: 2n ** 63n - 1n }],
    ['boot', { kind: 'uptime', ns: 0n }],
    ['now', { kind: 'end' }],
    ['-2h', { kind: 'wall', ns: nowNs - 7_200n * second }],
    ['-1h30m', { kind: 'wall', ns: nowNs - 5_400n * second }],
    ['-90s', { kind: 'wall', ns: nowNs - 90n * second }],
    ['recent', { kind: 'wall', ns: nowNs - 600n * second }],
    ['today', { kind: 'wall', ns: wall(2026, 10, 23) }],
    ['yesterday', { kind: 'wall', ns: wall(2026, 10, 22) }],
    ['2026-11-20', { kind: 'wall', ns: wall(2026, 10, 20) }],
    ['2026-11-20 14:03:07', { kind: 'wall', ns: wall(2026, 10, 20, 14, 3, 7) }],
    ['2026-11-20 14:03', { kind: 'wall', ns: wall(2026, 10, 20, 14, 3) }],
    ['2026-11-20 14:03:07.000000001', { kind: 'wall', ns: wall(2026, 10, 20, 14, 3, 7) + 1n }],
    ['2026-11-20T14:03:07Z', { kind: 'wall', ns: wall(2026, 10, 20, 14, 3, 7) }],
    ['2026-11-20T14:03:07+01:00', { kind: 'wall', ns: wall(2026, 10, 20, 13, 3, 7) }],
    ['2026-11-20T14:03:07,5-0130', { kind: 'wall', ns: wall(2026, 10, 20, 15, 33, 7, 500) }],
    ['14:03:07', { kind: 'wall', ns: wall(2026, 10, 23, 14, 3, 7) }],
    ['14:03', { kind: 'wall', ns: wall(2026, 10, 23, 14, 3) }]
  ])('%s', (text, moment) => {
    expect(parseMoment(text, utc)).toEqual(moment)
  })

  it.each([
    '',
    'tomorrowish',
    '@',
    '@-1',
    '@1.5',
    '+',
    '+1x',
    '+1h-2m',
    '-',
    '--1h',
    '2026-13-01',
    '2026-02-30',
    '2026-11-20 24:00',
    '2026-11-20 14:60',
    '2026-11-20 14:03:60',
    '2026-11-2014:03',
    '2026-11-20 Q',
    '26-11-20',
    'Z',
    '+9223372036854775808ns',
    '-99999999999w'
  ])('refuses "%s" and says how to write one', (text) => {
    expect(() => parseMoment(text, utc)).toThrow(QuestionError)
  })

  it('is one, or a usage error, whatever is typed', () => {
    const typed = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+@0-9:. TZhmsnd]{0,25}$/),
      fc.stringMatching(/^\d{4}-\d\d-\d\d[ T]?\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/)
    )
    fc.assert(
      fc.property(typed, (text) => {
        try {
          const moment = parseMoment(text, utc)
          if (moment.kind === 'position') expect(Number.isSafeInteger(moment.position)).toBe(true)
          else if (moment.kind !== 'end') expect(BigInt.asIntN(64, moment.ns)).toBe(moment.ns)
        } catch (error) {
          expect(error).toBeInstanceOf(QuestionError)
        }
      }),
      { numRuns: 20_000 }
    )
  })
})

describe('a wall time', () => {
  const dates = fc.date({
    min: new Date('1970-01-02T00:00:00Z'),
    max: new Date('2200-12-31T00:00:00Z'),
    noInvalidDate: true
  })

  it('is exact to the ns, in every spelling and zone', () => {
    const zones = fc.record({ minutes: fc.integer({ min: -14 * 60, max: 14 * 60 }), colon: fc.boolean() })
    fc.assert(
      fc.property(dates, fraction(), zones, fc.constantFrom(' ', 'T'), (date, digits, zone, between) => {
        const ns = BigInt(Math.floor(date.getTime() / 1000)) * second + fractionNs(digits)
        const shifted = new Date(date.getTime() + zone.minutes * 60_000).toISOString()
        const away = Math.abs(zone.minutes)
        const [hours, minutes] = [Math.floor(away / 60), away % 60].map((one) => String(one).padStart(2, '0'))
        const suffix = `${zone.minutes < 0 ? '-' : '+'}${hours}${zone.colon ? ':' : ''}${minutes}`
        const spelt = `${shifted.slice(0, 10)}${between}${shifted.slice(11, 19)}.${digits}`
        expect(parseWallTime(spelt + suffix, local)).toBe(ns)
        const plain = `${date.toISOString().slice(0, 10)}${between}${date.toISOString().slice(11, 19)}.${digits}`
        expect(parseWallTime(`${plain}Z`, local)).toBe(ns)
        expect(parseWallTime(plain, utc)).toBe(ns)
      })
    )
  })

  it('is in the local time zone where it names none', () => {
    fc.assert(
      fc.property(dates, (date) => {
        const two = (value: number) => String(value).padStart(2, '0')
        const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
        const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
        const heard = parseWallTime(`${day} ${time}`, local)
        // In the hour that is there twice, the second is told as the first.
        const told = new Date(
          date.getFullYear(),
          date.getMonth(),
          date.getDate(),
          date.getHours(),
          date.getMinutes(),
          date.getSeconds()
        )
        expect(heard).toBe(BigInt(told.getTime()) * 1_000_000n)
      })
    )
  })

  it('may be seconds since the epoch, exact to the ns', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (ns) => {
        const text = `${ns / second}.${String(ns % second).padStart(9, '0')}`
        expect(parseEpochSeconds(text)).toBe(ns)
      })
    )
    expect(parseEpochSeconds('1.5e9')).toBeNull()
  })
})

describe('a duration', () => {
  const units = { ns: 1n, us: 1000n, ms: 1_000_000n, s: second, m: 60n * second, min: 60n * second }
  const more = { ...units, h: 3600n * second, d: 86_400n * second, w: 604_800n * second }

  it('is the sum of its parts', () => {
    const part = fc.record({
      count: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      unit: fc.constantFrom(...(Object.keys(more) as (keyof typeof more)[]))
    })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(({ count, unit }) => `${count}${unit}`).join('')
        expect(parseDuration(text)).toBe(parts.reduce((sum, { count, unit }) => sum + count * more[unit], 0n))
      })
    )
  })

  it('has fractions, cut below the ns, and is in seconds without a unit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 10n }), fraction(), (whole, digits) => {
        expect(parseDuration(`${whole}.${digits}`)).toBe(whole * second + fractionNs(digits))
        expect(parseDuration(`${whole}.${digits}s`)).toBe(whole * second + fractionNs(digits))
      })
    )
    expect(parseDuration('0.1234567899')).toBe(123_456_789n)
    expect(parseDuration('1.5h')).toBe(5_400n * second)
  })
})
