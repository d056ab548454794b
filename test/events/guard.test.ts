import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compileGuard } from '../../src/events/guard.ts'
import { catalogue, eventTypes } from '../../src/events/index.ts'
import { arbitraryOf } from './arbitrary-events.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** The value with one part of it changed: a leaf replaced, a key dropped, added or renamed, an element dropped. */
function mutate(value: Json, path: readonly number[], replacement: Json, how: number): Json {
  const [step, ...rest] = path
  if (Array.isArray(value) && step !== undefined && value.length > 0) {
    const at = step % value.length
    if (rest.length === 0 && how % 2 === 0) return value.toSpliced(at, 1)
    return value.with(at, mutate(value[at] as Json, rest, replacement, how))
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && step !== undefined) {
    const keys = Object.keys(value)
    const key = keys[step % Math.max(1, keys.length)]
    if (key === undefined || (rest.length === 0 && how % 4 === 0))
      return { ...value, [`added${step}`]: replacement }
    if (rest.length === 0 && how % 4 === 1)
      return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
    if (rest.length === 0 && how % 4 === 2) {
      return Object.fromEntries(
        Object.entries(value).map(([name, field]) => [name === key ? `${name}_` : name, field])
      )
    }
    return { ...value, [key]: mutate(value[key] as Json, rest, replacement, how) }
  }
  return replacement
}

const json = fc.jsonValue() as fc.Arbitrary<Json>
const replacements = fc.oneof(
  json,
  fc.constantFrom<Json>(2 ** 53, 0.5, -0, '', 'patched', 'kprobe', null, true, [], {})
)
const paths = fc.array(fc.nat({ max: 9 }), { maxLength: 5 })
const types = fc.constantFrom(...eventTypes)

describe('compileGuard', () => {
  it('lets through what the schema lets through', () => {
    const fitting = types.chain((type) => fc.tuple(fc.constant(type), arbitraryOf(catalogue[type].data)))
    fc.assert(
      fc.property(fitting, ([type, data]) => {
        expect(catalogue[type].data.safeParse(data).success).toBe(true)
        expect(compileGuard(catalogue[type].data)(data)).toBeNull()
      }),
      { numRuns: 2000 }
    )
  })

  it('refuses what the schema refuses: data with a part changed', () => {
    const mutated = types
      .chain((type) => fc.tuple(fc.constant(type), arbitraryOf(catalogue[type].data)))
      .chain(([type, data]) =>
        fc.record({
          type: fc.constant(type),
          data: fc.constant(data as Json),
          path: paths,
          replacement: replacements,
          how: fc.nat()
        })
      )
    fc.assert(
      fc.property(mutated, ({ type, data, path, replacement, how }) => {
        const changed = mutate(data, path, replacement, how)
        const fits = catalogue[type].data.safeParse(changed).success
        expect(compileGuard(catalogue[type].data)(changed) === null).toBe(fits)
      }),
      { numRuns: 5000 }
    )
  })

  it('refuses what the schema refuses: any JSON, and the data of other types', () => {
    const other = types.chain((type) => arbitraryOf(catalogue[type].data))
    fc.assert(
      fc.property(types, fc.oneof(json, other), (type, value) => {
        const fits = catalogue[type].data.safeParse(value).success
        expect(compileGuard(catalogue[type].data)(value) === null).toBe(fits)
      }),
      { numRuns: 3000 }
    )
  })

  it('says in a sentence what does not fit, and where', () => {
    const schema = z.strictObject({
      name: z.string(),
      rows: z.array(z.strictObject({ id: z.int(), kind: z.enum(['a', 'b']).nullable() }))
    })
    const guard = compileGuard(schema, 'data')
    for (const [value, reason] of [
      [null, 'data: expected an object, got null'],
      [[], 'data: expected an object, got an array'],
      [{ rows: [] }, 'data.name: is missing'],
      [{ name: 'x'.repeat(99), rows: 'many' }, 'data.rows: expected an array, got "many"'],
      [{ name: 'x', rows: [], more: 1 }, 'data.more: is not known here'],
      [{ name: 7n, rows: [] }, 'data.name: expected a string, got 7n'],
      [
        {
          name: 'x',
          rows: [
            { id: 1, kind: null },
            { id: 2 ** 53, kind: 'a' }
          ]
        },
        'data.rows[1].id: expected an integer that a double holds, got 9007199254740992'
      ],
      [{ name: 'x', rows: [{ id: 1, kind: 'c' }] }, 'data.rows[0].kind: expected one of a, b, got "c"'],
      [
        { name: 'x', rows: [{ id: {}, kind: 'a' }] },
        'data.rows[0].id: expected an integer that a double holds, got an object'
      ],
      [Object.create({ name: 'x', rows: [] }), 'data: expected an object, got an object']
    ] as const) {
      expect(guard(value)).toBe(reason)
    }
    expect(guard({ name: 'x', rows: [{ id: 1, kind: null }] })).toBeNull()
  })

  it('refuses to compile what it could not check', () => {
    for (const schema of [
      z.string().min(1),
      z.number(),
      z.int().positive(),
      z.union([z.string(), z.int()]),
      z.string().optional(),
      z.object({ name: z.string() }),
      z.strictObject({ name: z.looseObject({}) }),
      z.strictObject({ name: z.string() }).refine(() => true),
      z.array(z.string()).max(3)
    ]) {
      expect(() => compileGuard(schema)).toThrow(TypeError)
    }
  })
})
