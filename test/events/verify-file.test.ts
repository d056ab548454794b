import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteLog, type SqliteLog, StoreError } from '../../src/events/index.ts'
import { collect, switches } from './sample-events.ts'
import { temporaryDirectory } from './sqlite-harness.ts'

describe('a bit flipped anywhere in the file', () => {
  const directory = temporaryDirectory()
  afterAll(() => directory.remove())

  /** All that the log tells about its events, or how it refuses to. */
  async function tell(path: string): Promise<{ readonly found: boolean; readonly told: unknown }> {
    let log: SqliteLog | undefined
    try {
      log = await openSqliteLog({ path, readOnly: true })
      if (!(await log.verify()).ok) return { found: true, told: null }
      const told = []
      for (const query of [
        {},
        { stream: 'a/1' },
        { stream: 'b/1', pid: 3 },
        { stream: 'b/1', sinceNs: 9n }
      ]) {
        told.push(await collect(log.read(query)))
      }
      for (let ns = 0n; ns < 40n; ns += 3n) told.push(await log.positionAt('b/1', ns))
      const streams = (await log.streams()).map((stream) => ({ ...stream, rejected: 0 }))
      return { found: false, told: [told, [...log.history('a/1', 0, 99)], streams, await log.commits(0, 99)] }
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError)
      return { found: true, told: null }
    } finally {
      await log?.close()
    }
  }

  it('is found, or changes nothing that the log tells', async () => {
    const path = join(directory.path, 'log.db')
    const log = await openSqliteLog({ path })
    for (let first = 0; first < 40; first += 8) {
      const events = switches(first + 1, 8).map((event) => ({
        ...event,
        uptimeNs: BigInt(event.evidence.line)
      }))
      await log.append(first % 3 === 0 ? 'a/1' : 'b/1', 'any', events)
    }
    await log.close()
    const whole = readFileSync(path)
    const before = await tell(path)
    expect(before.found).toBe(false)
    let found = 0
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length * 8 - 1 }), async (bit) => {
        const bytes = Buffer.from(whole)
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
        const damaged = join(directory.path, 'damaged.db')
        writeFileSync(damaged, bytes)
        const after = await tell(damaged)
        if (after.found) found++
        else expect(after).toEqual(before)
      }),
      { numRuns: 300 }
    )
    expect(found).toBeGreaterThan(0)
  })
})
