import fc from 'fast-check'
import type { z } from 'zod'
import { catalogue, type EventType, eventTypes, type NewEvent } from '../../src/events/index.ts'

interface Definition {
  readonly type: string
  readonly entries?: Readonly<Record<string, string>>
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
}

/** Values that fit a schema of the catalogue, awkward ones included. */
export function arbitraryOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const { type, entries, innerType, element, shape } = schema.def as unknown as Definition
  switch (type) {
    case 'string':
      return text()
    case 'boolean':
      return fc.boolean()
    case 'number':
      return fc.maxSafeInteger().map((value) => (Object.is(value, -0) ? 0 : value))
    case 'enum':
      return fc.constantFrom(...Object.values(entries ?? {}))
    case 'nullable':
      return fc.option(arbitraryOf(innerType as z.ZodType))
    case 'array':
      return fc.array(arbitraryOf(element as z.ZodType), { maxLength: 3 })
    case 'object': {
      const fields = Object.entries(shape ?? {}).map(([key, field]) => [key, arbitraryOf(field)])
      return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>)
    }
    default:
      throw new TypeError(`no arbitrary for ${type}`)
  }
}

/** Well-formed text with separators, quotes, NUL, replacement characters and astral ones. */
export function text(): fc.Arbitrary<string> {
  const awkward = fc.constantFrom('\x1f', '\0', '"', '\\', '\n', '\ufffd', '€', '🐧', '12\x1f3')
  return fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.array(fc.oneof(awkward, fc.string({ maxLength: 3 })), { maxLength: 5 }).map((parts) => parts.join(''))
  )
}

const int64 = () => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

/** Nanoseconds close together, so that equal times and times beyond a double both happen. */
const uptime = () =>
  fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 9n }), int64())

/** Ids from a small set, so that some are known already. */
const smallId = () => fc.nat({ max: 400 }).map((number) => number.toString(16).padStart(32, '0'))

/** Any event of the catalogue. */
export function anyEvent(id: fc.Arbitrary<string> = smallId()): fc.Arbitrary<NewEvent> {
  return fc.constantFrom(...eventTypes).chain((type: EventType) =>
    fc.record({
      type: fc.constant(type),
      data: arbitraryOf(catalogue[type].data),
      id,
      uptimeNs: uptime(),
      wallNs: fc.option(int64()),
      evidence: fc
        .record({
          source: fc.constantFrom('trace.txt', 'dmesg', 'a\x1fb', '\ufffd'),
          line: fc.nat(),
          raw: text(),
          latin1: fc.constantFrom(true, undefined),
          inferred: fc.constantFrom(true, undefined)
        })
        .map(withoutUndefined)
    })
  ) as fc.Arbitrary<NewEvent>
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))
}
