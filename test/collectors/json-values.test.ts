import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lineReading, unrelated } from '../../src/collectors/formats/held-lines.ts'
import { JsonValues, membersOf } from '../../src/collectors/formats/json-values.ts'

const leaves = [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)]
const anyObject = fc.object({ key: fc.string(), values: leaves })

/** What the reader finds: `=` values, `!` lines that hold none, `.` lines outside. */
function found(lines: readonly string[]): string[] {
  const told: string[] = []
  const reader = new JsonValues({
    outside: (raw, line, latin1) => {
      told.push(`. ${raw}`)
      return [lineReading(raw, line, latin1, unrelated)]
    },
    value: (held, parsed) => {
      told.push(parsed.ok ? `= ${JSON.stringify(parsed.value)}` : `! ${held.count} ${parsed.reason}`)
      return [held.reading(unrelated)]
    },
    breaks: (raw) => raw.startsWith('##'),
    end: () => []
  })
  for (const [index, raw] of lines.entries()) reader.push(raw, index + 1)
  reader.end()
  return told
}

describe('values among lines', () => {
  test('may be one line each, or many lines', () => {
    expect(found(['[1]', 'x', '[', ' {"a": "]"}', ']', '{}'])).toEqual([
      '= [1]',
      '. x',
      '= [{"a":"]"}]',
      '= {}'
    ])
  })

  test('are told whenever they are whole, however they were printed', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyObject, fc.array(anyObject))), (values) => {
        const lines = values.flatMap((value) => JSON.stringify(value, null, 2).split('\n'))
        expect(found(lines)).toEqual(values.map((value) => `= ${JSON.stringify(value)}`))
      })
    )
  })

  test('end where a line says so that no value contains', () => {
    expect(found(['[', '1,', '## x', '[2]'])).toEqual([
      '! 2 the value is cut: what follows is not its end',
      '. ## x',
      '= [2]'
    ])
  })

  test('survive behind one that was cut', () => {
    expect(found(['[{"a":1,', '[2]', '{"b":3}'])).toEqual([
      '! 1 the value is cut: what follows is not its end',
      '= [2]',
      '= {"b":3}'
    ])
    expect(found(['[{"a":"x', '[2]'])).toEqual(['! 1 the line is cut inside a string', '= [2]'])
    expect(found(['{"a":}'])[0]).toMatch(/^! 1 cut or damaged JSON/)
  })
})

describe('members of an object', () => {
  const keys = (text: string) => membersOf(text)?.map(({ key, value, from, to }) => [key, value.ok, from, to])

  test('are found with their lines', () => {
    expect(keys('{\n "a": 1,\n "b": {\n  "c": [1, 2]\n }\n}')).toEqual([
      ['a', true, 1, 1],
      ['b', true, 2, 4]
    ])
    expect(keys('{}')).toEqual([])
    expect(keys('[1]')).toBe(undefined)
  })

  test('are those of JSON.parse', () => {
    fc.assert(
      fc.property(anyObject, fc.nat(3), (object, indent) => {
        const members = membersOf(JSON.stringify(object, null, indent)) ?? []
        const told = members.map(({ key, value }) =>
          JSON.stringify([key, value.ok ? value.value : value.reason])
        )
        expect(told).toEqual(Object.entries(object).map((entry) => JSON.stringify(entry)))
      })
    )
  })

  test('do not take each other along', () => {
    expect(keys('{"a": 1, "b": oops, "c": "\\"}", "d": 2')).toEqual([
      ['a', true, 0, 0],
      ['b', false, 0, 0],
      ['c', true, 0, 0],
      ['d', true, 0, 0]
    ])
    expect(keys('{"a": 1} more')).toEqual([
      ['a', true, 0, 0],
      ['', false, 0, 0]
    ])
  })
})
