import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommitDigest, canonical, checksum, type EventRow } from '../../src/events/canonical.ts'
import { text } from './arbitrary-events.ts'

describe('canonical', () => {
  const row: fc.Arbitrary<EventRow> = fc.record({
    position: fc.nat(),
    stream: text(),
    revision: fc.nat(),
    id: fc.constantFrom('0'.repeat(32), 'f'.repeat(32)),
    type: text(),
    version: fc.nat({ max: 3 }),
    uptimeNs: fc.bigInt({ min: -3n, max: 3n }),
    wallNs: fc.option(fc.bigInt({ min: -3n, max: 3n })),
    pid: fc.option(fc.nat({ max: 3 })),
    flags: fc.nat({ max: 3 }),
    data: text(),
    source: text(),
    line: fc.nat({ max: 3 }),
    raw: text()
  })

  it('differs wherever two rows differ, also when text moves from one column to the next', () => {
    const pair = fc.tuple(row, row).chain(([one, other]) =>
      fc.record({
        one: fc.constant(one),
        other: fc.oneof(
          fc.constant(other),
          fc.constant({ ...one, stream: `${one.stream}${one.type}`, type: '' }),
          fc.constant({ ...one, source: one.source.slice(0, -1), raw: `${one.source.slice(-1)}${one.raw}` }),
          fc.constant({ ...one, data: `${one.data}\x1f`, raw: one.raw.slice(1) })
        )
      })
    )
    fc.assert(
      fc.property(pair, ({ one, other }) => {
        const same = Object.entries(one).every(([key, value]) => other[key as keyof EventRow] === value)
        expect(canonical(one) === canonical(other)).toBe(same)
      }),
      { numRuns: 3000 }
    )
  })

  it('gives the same digests as on the day the format was made', () => {
    const fixed: EventRow = {
      position: 7,
      stream: 'host/boot',
      revision: 3,
      id: '00112233445566778899aabbccddeeff',
      type: 'patch.freed',
      version: 1,
      uptimeNs: 2n ** 60n + 1n,
      wallNs: null,
      pid: null,
      flags: 2,
      data: '{"patch":"lp_ä"}',
      source: 'dmesg',
      line: 12,
      raw: 'naïve \0 raw'
    }
    expect(checksum(canonical(fixed))).toBe(3783096511)
    const digest = new CommitDigest('0'.repeat(64))
    digest.add(canonical(fixed))
    expect(digest.hex()).toBe('e2ee1fe5c6793c74cab4c69533f26f7abbb8dd7671443c31cab26d897bb150f1')
  })
})
