import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { canonical } from '../../../src/events/canonical.ts'
import { catalogue } from '../../../src/events/catalogue.ts'
import { type EventLog, exportLog, ImportError, importLog, StoreError } from '../../../src/events/index.ts'
import { createUpcasters, upcasters } from '../../../src/events/upcasters.ts'
import { anyEvent } from '../arbitrary-events.ts'
import type { WithLog } from '../log-contract.ts'
import { collect, switched, switches } from '../sample-events.ts'
import { sampleModel } from '../sample-read-model.ts'

/** What leads the older versions of klplog's own types to the present ones. */
const own = Object.entries(catalogue).flatMap(([type, { version }]) =>
  Array.from({ length: version - 1 }, (_, n) => ({
    type,
    from: n + 1,
    to: version,
    upcast: (data: unknown) => upcasters.upcast(type, n + 1, data)
  }))
)

/** A later catalogue, in which patch.freed says whether the module stayed. */
const later = createUpcasters(
  {
    ...catalogue,
    'patch.freed': { version: 3, data: z.strictObject({ name: z.string(), pinned: z.boolean().nullable() }) }
  },
  [
    ...own,
    {
      type: 'patch.freed',
      from: 1,
      to: 2,
      upcast: (data) => ({ name: (data as { patch: string }).patch })
    },
    {
      type: 'patch.freed',
      from: 2,
      to: 3,
      upcast: (data) => ({ ...(data as { name: string }), pinned: null })
    }
  ]
)
const freed = { ...switched(2), type: 'patch.freed', data: { patch: 'lp_a' } } as const

/** The chain, older versions of events, and the way of a log to another place. */
export function storedContract(withLog: WithLog): void {
  it('chains each commit to the one before by a digest that anyone can recompute', async () => {
    const batch = fc.record({
      stream: fc.constantFrom('a/1', 'b/1'),
      events: fc.array(anyEvent(), { maxLength: 5 })
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 5 }), (batches) =>
        withLog(async (log) => {
          let last = '0'.repeat(64)
          for (const { stream, events } of batches) last = (await log.append(stream, 'any', events)).digest
          let head = '0'.repeat(64)
          for (const { firstPosition, lastPosition, digest } of await log.commits(0, 1000)) {
            const rows = await collect(log.rows(firstPosition - 1, lastPosition))
            head = createHash('sha256')
              .update(head + rows.map(canonical).join(''))
              .digest('hex')
            expect(digest).toBe(head)
          }
          expect(last).toBe(head)
          const commits = (await log.commits(0, 1000)).length
          const events = (await collect(log.read({}))).length
          expect(await log.verify()).toEqual({ ok: true, events, commits, head, fault: null })
        })
      ),
      { numRuns: 30 }
    )
  })

  it('leads older versions of an event to the present one, and never rewrites them', () =>
    withLog(async (log, harness) => {
      await log.append('a/1', 'any', [switched(1), freed])
      const before = await collect(log.rows(0, 9))
      const newer = await harness.open({ upcasters: later })
      const present = { name: 'lp_a', pinned: null }
      expect((await collect(newer.read({})))[1]).toMatchObject({
        type: 'patch.freed',
        version: 3,
        data: present
      })
      expect([...newer.history('a/1', 0, 9)].flat()[1]).toMatchObject({ type: 'patch.freed', data: present })
      expect(await collect(newer.rows(0, 9))).toEqual(before)
      expect((await newer.verify()).ok).toBe(true)
    }))

  it('refuses events that are newer than its catalogue, and says to update', () =>
    withLog(async (log, harness) => {
      const newer = await harness.open({ upcasters: later })
      const event = { ...freed, data: { name: 'lp_a', pinned: true } } as never
      await newer.append('a/1', 'any', [switched(1), event])
      for (const read of [() => collect(log.read({})), async () => [...log.history('a/1', 0, 9)]]) {
        const error: unknown = await read().catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(StoreError)
        expect(error).toMatchObject({ code: 'newer-event' })
        expect((error as StoreError).message).toContain('patch.freed in version 3')
        expect((error as StoreError).hint).toMatch(/update klplog/)
      }
      expect((await log.verify()).ok).toBe(true)
      expect(await collect(log.read({ upTo: 1 }))).toHaveLength(1)
    }))

  it('exports to lines and imports them to the same positions and digests', async () => {
    const batch = fc.record({
      stream: fc.constantFrom('a/1', 'b/1'),
      events: fc.array(anyEvent(), { maxLength: 5 })
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 5 }), fc.nat({ max: 12 }), (batches, cut) =>
        withLog((log) =>
          withLog(async (_, copyHarness) => {
            const copy = await copyHarness.open({ readModels: [sampleModel] })
            for (const { stream, events } of batches) await log.append(stream, 'any', events)
            await log.reject([
              { stream: 'a/1', source: 's', line: 1, reason: 'r', raw: '\xff', latin1: true }
            ])
            const lines = await toLines(log)
            // An import that stops anywhere is resumed by importing again.
            if (cut < lines.length) {
              await expect(importLog(copy, lines.slice(0, cut))).rejects.toThrow(ImportError)
            }
            const { head, written } = await importLog(copy, lines)
            expect(head).toBe((await log.verify()).head)
            expect(await copy.verify()).toEqual(await log.verify())
            expect(await toLines(copy)).toEqual(lines)
            expect(await collect(copy.read({}))).toEqual(await collect(log.read({})))
            expect(written).toBeLessThanOrEqual(batches.length)
            expect((await importLog(copy, lines)).written).toBe(0)
            const rows = await copyHarness.table('sample_counts')
            await copy.rebuild()
            expect(await copyHarness.table('sample_counts')).toEqual(rows)
          })
        )
      ),
      { numRuns: 25 }
    )
  })

  it('imports older versions of events as they are', () =>
    withLog((log) =>
      withLog(async (_, copyHarness) => {
        await log.append('a/1', 'any', [freed])
        const copy = await copyHarness.open({ upcasters: later })
        await importLog(copy, await toLines(log))
        expect((await collect(copy.rows(0, 9)))[0]).toMatchObject({ version: 1, data: '{"patch":"lp_a"}' })
        expect((await copy.verify()).head).toBe((await log.verify()).head)
      })
    ))

  it('restores only the commit that comes next', () =>
    withLog((log) =>
      withLog(async (copy) => {
        await log.append('a/1', 'any', switches(1, 2))
        await log.append('a/1', 'any', switches(3, 2))
        const [first, second] = await log.commits(0, 2)
        if (first === undefined || second === undefined) throw new Error('two commits')
        const rows = await collect(log.rows(0, 9))
        for (const [commit, given] of [
          [second, rows.slice(2)],
          [first, rows.slice(0, 1)],
          [first, []],
          [{ ...first, digest: second.digest }, rows.slice(0, 2)]
        ] as const) {
          await expect(copy.restore(commit, given)).rejects.toMatchObject({ code: 'not-next' })
        }
        expect(await copy.streams()).toEqual([])
        await copy.restore(first, rows.slice(0, 2))
        await copy.restore(second, rows.slice(2))
        expect((await copy.verify()).head).toBe(second.digest)
      })
    ))
}

async function toLines(log: EventLog): Promise<string[]> {
  const lines: string[] = []
  for await (const line of exportLog(log)) lines.push(line)
  return lines
}
