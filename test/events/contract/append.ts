import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ExpectedRevisionError, InvalidEventError, type NewEvent } from '../../../src/events/index.ts'
import { anyEvent } from '../arbitrary-events.ts'
import type { WithLog } from '../log-contract.ts'
import { collect, stored, switched, switches } from '../sample-events.ts'

/** append() and reject(). */
export function appendContract(withLog: WithLog): void {
  it('gives back every event as it went in, numbered without gaps', async () => {
    const batch = fc.record({
      stream: fc.constantFrom('a/1', 'a/2', 'b/1'),
      events: fc.array(anyEvent(), { maxLength: 6 })
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 6 }), (batches) =>
        withLog(async (log) => {
          const known = new Set<string>()
          const revisions = new Map<string, number>()
          const expected = []
          for (const { stream, events } of batches) {
            const result = await log.append(stream, 'any', events)
            const before = expected.length
            for (const event of events) {
              if (known.has(event.id)) continue
              known.add(event.id)
              const revision = (revisions.get(stream) ?? 0) + 1
              revisions.set(stream, revision)
              expected.push(stored(event, stream, expected.length + 1, revision))
            }
            const appended = expected.length - before
            const revision = revisions.get(stream) ?? 0
            const position = expected.length
            expect(result).toMatchObject({ appended, skipped: events.length - appended, revision, position })
          }
          expect(await collect(log.read({}))).toEqual(expected)
        })
      ),
      { numRuns: 60 }
    )
  })

  it('appends only where the stream stands as expected', () =>
    withLog(async (log) => {
      await log.append('a/1', 'no-stream', switches(1, 2))
      await log.append('a/1', 2, switches(3, 1))
      await log.append('a/1', 'any', switches(4, 1))
      await log.append('b/1', 0, switches(5, 1))
      for (const [stream, expected, actual] of [
        ['a/1', 'no-stream', 4],
        ['a/1', 3, 4],
        ['a/1', 5, 4],
        ['c/1', 1, 0]
      ] as const) {
        const error: unknown = await log
          .append(stream, expected, switches(9, 1))
          .catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(ExpectedRevisionError)
        expect(error).toMatchObject({ code: 'expected-revision', stream, expected, actual })
      }
      expect(await collect(log.read({}))).toHaveLength(5)
    }))

  it('appends all or nothing: an event that does not fit is named and leaves no trace', () =>
    withLog(async (log) => {
      await log.append('a/1', 'any', switches(1, 1))
      const misfits: [wrong: object, reason: RegExp][] = [
        [{ data: { ...switched(3).data, pid: 1.5 } }, /^data\.pid: expected an integer.*got 1\.5$/],
        [{ data: { ...switched(3).data, extra: 1 } }, /^data\.extra: is not known here$/],
        [{ type: 'patch.freed' }, /^data\.goal: is not known here$/],
        [{ type: 'patch.melted' }, /"patch\.melted" is not in the catalogue/],
        [{ type: 'toString' }, /is not in the catalogue/],
        [{ id: 'ABCDEF'.padEnd(32, '0') }, /^id: /],
        [{ uptimeNs: 2n ** 63n }, /^uptimeNs: /],
        [{ uptimeNs: 5 }, /^uptimeNs: /],
        [{ wallNs: -(2n ** 63n) - 1n }, /^wallNs: /],
        [{ evidence: { source: 's', line: 1, raw: 'lone \ud800' } }, /^evidence\.raw: /],
        [{ evidence: { source: '', line: 1, raw: '' } }, /^evidence\.source: /],
        [{ evidence: { source: 's', line: 0.5, raw: '' } }, /^evidence\.line: /]
      ]
      for (const [wrong, reason] of misfits) {
        const events = [switched(2), { ...switched(3), ...wrong } as NewEvent, switched(4)]
        const error: unknown = await log.append('b/1', 'any', events).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(InvalidEventError)
        expect(error).toMatchObject({ code: 'invalid-event', index: 1 })
        expect((error as InvalidEventError).reason).toMatch(reason)
      }
      expect(await collect(log.read({}))).toHaveLength(1)
      expect(await log.streams()).toHaveLength(1)
      expect((await log.append('b/1', 'no-stream', switches(2, 1))).position).toBe(2)
    }))

  it('skips what it knows, in the log, in the batch, and under another stream', () =>
    withLog(async (log) => {
      const first = await log.append('a/1', 'any', [switched(1), switched(2), switched(1, 77)])
      expect(first).toMatchObject({ appended: 2, skipped: 1, revision: 2, position: 2 })
      const again = await log.append('a/1', 'any', switches(1, 2))
      expect(again).toEqual({ ...first, appended: 0, skipped: 2 })
      const elsewhere = await log.append('b/1', 'any', switches(1, 2))
      expect(elsewhere).toMatchObject({
        appended: 0,
        skipped: 2,
        revision: 0,
        position: 2,
        digest: first.digest
      })
      expect((await log.streams()).map(({ stream }) => stream)).toEqual(['a/1'])
      expect(await log.commits(0, 10)).toHaveLength(1)
      const more = await log.append('b/1', 'any', switches(2, 2))
      expect(more).toMatchObject({ appended: 1, skipped: 1, revision: 1, position: 3 })
    }))

  it('does nothing for an empty append but checks what is expected of the stream', () =>
    withLog(async (log) => {
      expect(await log.append('a/1', 'no-stream', [])).toMatchObject({
        appended: 0,
        revision: 0,
        position: 0
      })
      expect((await log.append('a/1', 'any', [])).digest).toMatch(/^0{64}$/)
      await expect(log.append('a/1', 1, [])).rejects.toThrow(ExpectedRevisionError)
      expect(await log.streams()).toEqual([])
    }))

  it('keeps rejected evidence once, and counts it', () =>
    withLog(async (log) => {
      const item = { stream: 'a/1', source: 'dmesg', line: 7, reason: 'no such line', raw: 'x\0y\ufffd' }
      const others = [
        { ...item, line: 8 },
        { ...item, raw: 'xy', latin1: true },
        { ...item, stream: null },
        { ...item, stream: 'b/1' }
      ]
      expect(await log.reject([item, ...others, item])).toBe(5)
      expect(await log.reject([{ ...item, reason: 'another wording' }])).toBe(0)
      await log.append('a/1', 'no-stream', switches(1, 1))
      const all = await log.rejected({})
      expect(all.map(({ id: _, ...evidence }) => evidence)).toEqual([item, ...others])
      expect(await log.rejected({ limit: 2, afterId: all[1]?.id ?? 0 })).toEqual(all.slice(2, 4))
      expect(await log.rejected({ stream: 'a/1' })).toHaveLength(3)
      expect(await log.rejected({ stream: 'z/1' })).toEqual([])
      expect((await log.streams()).map(({ stream, rejected }) => [stream, rejected])).toEqual([
        ['a/1', 3],
        ['b/1', 1]
      ])
      await expect(log.reject([{ ...item, raw: '\udc00' }])).rejects.toThrow(InvalidEventError)
    }))
}
