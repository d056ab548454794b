import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { StoreError, UpcasterError } from '../../src/events/index.ts'
import { createUpcasters, type Upcaster, upcasters } from '../../src/events/upcasters.ts'

const types = {
  'lamp.lit': { version: 4, data: z.strictObject({ lamp: z.string() }) },
  'lamp.sold': { version: 1, data: z.strictObject({}) }
}

/** A step that writes down its way. */
function step(from: number, to: number, type = 'lamp.lit'): Upcaster {
  return { type, from, to, upcast: (data) => [...(data as string[]), `${from}-${to}`] }
}

describe('createUpcasters', () => {
  it('leads every version to the present one, step by step', () => {
    const made = createUpcasters(types, [step(2, 4), step(1, 2), step(3, 4)])
    expect(made.upcast('lamp.lit', 1, [])).toEqual(['1-2', '2-4'])
    expect(made.upcast('lamp.lit', 2, [])).toEqual(['2-4'])
    expect(made.upcast('lamp.lit', 3, [])).toEqual(['3-4'])
    expect(made.upcast('lamp.lit', 4, [])).toEqual([])
    expect(made.upcast('lamp.sold', 1, 'as it is')).toBe('as it is')
    expect([made.version('lamp.lit'), made.version('lamp.sold'), made.version('lamp.lost')]).toEqual([
      4,
      1,
      undefined
    ])
  })

  it.each([
    ['a gap', [step(1, 2), step(3, 4)], /no upcaster leads lamp\.lit from version 2 to 4/],
    ['nothing at all', [], /no upcaster leads lamp\.lit from version 1 to 4/],
    ['a duplicate', [step(1, 2), step(2, 3), step(3, 4), step(1, 4)], /another one starts there too/],
    ['a cycle', [step(1, 2), step(2, 1), step(3, 4)], /does not lead forward/],
    ['a step on the spot', [step(1, 1), step(2, 4), step(3, 4)], /does not lead forward/],
    [
      'an unknown type',
      [step(1, 4), step(2, 4), step(3, 4), step(1, 2, 'lamp.lost')],
      /the catalogue has no such type/
    ],
    ['a step too far', [step(1, 5), step(2, 4), step(3, 4)], /the catalogue stands at version 4/],
    [
      'a step of a type that never changed',
      [step(1, 4), step(2, 4), step(3, 4), step(1, 2, 'lamp.sold')],
      /stands at version 1/
    ],
    ['a step from nowhere', [step(0, 1), step(1, 4), step(2, 4), step(3, 4)], /versions count from 1/],
    ['half a step', [step(1.5, 2), step(1, 4), step(2, 4), step(3, 4)], /versions count from 1/]
  ])('refuses %s', (_, list, message) => {
    expect(() => createUpcasters(types, list)).toThrow(UpcasterError)
    expect(() => createUpcasters(types, list)).toThrow(message)
  })

  it('says to update klplog when an event is newer, and to verify when its version never was', () => {
    const made = createUpcasters(types, [step(1, 4), step(2, 4), step(3, 4)])
    for (const [type, version, code] of [
      ['lamp.lit', 5, 'newer-event'],
      ['lamp.lost', 1, 'newer-event'],
      ['lamp.lit', 0, 'corrupt']
    ] as const) {
      try {
        made.upcast(type, version, [])
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(StoreError)
        expect(error).toMatchObject({ code })
        expect((error as StoreError).hint).toMatch(code === 'corrupt' ? /klplog verify/ : /update klplog/)
      }
    }
  })

  it('leads a snapshot of version 1 to the present, in which functions have the names of their replacements', () => {
    const functions = [{ name: 'f', sympos: 1 }]
    const stored = (objects: unknown) => ({
      fromNs: '1',
      label: null,
      patches: [
        {
          name: 'lp',
          enabled: true,
          transition: false,
          replace: null,
          replaceable: null,
          replaceSet: null,
          stackOrder: null,
          objects
        }
      ],
      modules: null,
      kprobes: null,
      hooks: null,
      hooksComplete: false
    })
    const present = upcasters.upcast(
      'host.observed',
      1,
      stored([{ name: 'vmlinux', patched: true, functions }])
    )
    const named = functions.map((func) => ({ ...func, newName: null }))
    expect(present).toEqual(stored([{ name: 'vmlinux', patched: true, functions: named }]))
    expect(upcasters.catalogue['host.observed']?.data.safeParse(present).success).toBe(true)
    const nothing = { ...stored([]), patches: null }
    expect(upcasters.upcast('host.observed', 1, nothing)).toEqual(nothing)
  })

  it('holds for the catalogue', () => {
    for (const [type, { version }] of Object.entries(upcasters.catalogue))
      expect(upcasters.version(type)).toBe(version)
  })
})
