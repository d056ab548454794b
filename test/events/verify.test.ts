import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonical, checksum, commitDigest, type EventRow } from '../../src/events/canonical.ts'
import { openSqliteLog, type SqliteLog, StoreError, type VerifyResult } from '../../src/events/index.ts'
import { anyEvent, text } from './arbitrary-events.ts'
import { collect, switches } from './sample-events.ts'
import { temporaryDirectory } from './sqlite-harness.ts'

const eventColumns = [
  'position',
  'stream_id',
  'revision',
  'id',
  'type',
  'version',
  'uptime_ns',
  'wall_ns',
  'pid'
]
const columns: readonly (readonly [table: string, columns: readonly string[]])[] = [
  ['events', [...eventColumns, 'flags', 'data', 'source_id', 'line', 'raw', 'crc']],
  ['commits', ['number', 'first_position', 'last_position', 'digest']],
  ['streams', ['id', 'name']],
  ['sources', ['id', 'name']]
]

/** The stored value with one of its bits flipped, in the same type; null when it has no bits. */
function flipped(value: unknown, bit: number): bigint | Buffer | null {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value ^ (1n << BigInt(bit % 64)))
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)
  if (bytes.length === 0) return null
  const at = bit % (bytes.length * 8)
  bytes[at >> 3] = (bytes[at >> 3] as number) ^ (1 << (at & 7))
  return bytes
}

describe('verify', () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'log.db')
  let log: SqliteLog
  let behind: Database.Database

  beforeAll(async () => {
    log = await openSqliteLog({ path, durable: false })
    const events = fc.sample(anyEvent(fc.constant('')), { numRuns: 40, seed: 7 })
    const numbered = events.map((event, index) => ({
      ...event,
      id: (index + 1).toString(16).padStart(32, '0')
    }))
    for (let from = 0; from < 40; from += 5) {
      await log.append(from % 3 === 0 ? 'a/1' : 'b/1', 'any', numbered.slice(from, from + 5))
    }
    behind = new Database(path)
    behind.pragma('foreign_keys = off')
    for (const trigger of behind
      .prepare("select name from sqlite_master where type = 'trigger'")
      .pluck()
      .all()) {
      behind.exec(`drop trigger ${trigger as string}`)
    }
  })

  afterAll(async () => {
    behind.close()
    await log.close()
    directory.remove()
  })

  /** Changes the log behind its back, verifies it, and puts everything back. */
  async function verifiedAfter(change: () => void): Promise<VerifyResult> {
    const tables = columns.map(([table]) => ({
      table,
      rows: behind.prepare(`select * from ${table}`).safeIntegers().all()
    }))
    change()
    const result = await log.verify()
    behind.transaction(() => {
      for (const { table, rows } of tables) {
        behind.exec(`delete from ${table}`)
        for (const row of rows as Record<string, unknown>[]) {
          const names = Object.keys(row)
          behind
            .prepare(`insert into ${table} (${names.join()}) values (${names.map(() => '?').join()})`)
            .run(...Object.values(row))
        }
      }
    })()
    expect((await log.verify()).ok).toBe(true)
    return result
  }

  it('finds any flipped bit of any column, and names the event when its own row was hit', async () => {
    const place = fc.constantFrom(...columns).chain(([table, names]) =>
      fc.record({
        table: fc.constant(table),
        column: fc.constantFrom(...names),
        row: fc.nat(),
        bit: fc.nat()
      })
    )
    await fc.assert(
      fc.asyncProperty(place, async ({ table, column, row, bit }) => {
        const rows = behind
          .prepare(`select rowid as at, ${column} as value from ${table} order by rowid`)
          .safeIntegers()
          .all()
        const { at, value } = rows[row % rows.length] as { at: bigint; value: unknown }
        const other = value === null ? null : flipped(value, bit)
        if (other === null) return
        // Bits of a text may no longer be UTF-8: they go in as bytes, and are called text.
        const expression = typeof value === 'string' ? 'cast(? as text)' : '?'
        const update = behind.prepare(
          `update or ignore ${table} set ${column} = ${expression} where rowid = ?`
        )
        const result = await verifiedAfter(() => fc.pre(update.run(other, at).changes === 1))
        expect(result.ok).toBe(false)
        if (table === 'events') expect(result.fault?.position).toBe(Number(at))
        else expect(result.fault?.position).toBeGreaterThan(0)
      }),
      { numRuns: 400 }
    )
  })

  it.each([
    ['a missing event', 'delete from events where position = 17', 17, 'the event is missing'],
    ['missing events at the end', 'delete from events where position > 38', 39, 'the event is missing'],
    ['a missing commit', 'delete from commits where number = 3', 11, 'commit 3 should begin here'],
    ['a missing last commit', 'delete from commits where number = 8', 36, 'belongs to no commit'],
    [
      'missing events of a last commit',
      'delete from events where position > 35',
      36,
      'events of commit 8 are missing'
    ],
    [
      'two events exchanged',
      'update events set position = 99 where position = 18; update events set position = 18 where position = 20; update events set position = 20 where position = 99',
      18,
      'checksum'
    ],
    ['a lost name', 'delete from sources', 1, 'checksum'],
    [
      'a digest of another chain',
      "update commits set digest = replace(digest, '0', '1') where number = 2",
      6,
      'the digest of commit 2'
    ]
  ])('finds %s', async (_, statement, position, reason) => {
    const result = await verifiedAfter(() => behind.exec(statement))
    expect(result).toMatchObject({ ok: false, fault: { position } })
    expect(result.fault?.reason).toContain(reason)
  })

  it('finds an event that was rewritten with a fitting checksum', async () => {
    const [row] = (await log.rows(20, 21).next()).value as readonly EventRow[]
    const forged = { ...(row as EventRow), line: 4711 }
    const result = await verifiedAfter(() =>
      behind
        .prepare('update events set line = 4711, crc = ? where position = 21')
        .run(checksum(canonical(forged)))
    )
    expect(result.fault).toEqual({
      position: 21,
      reason: 'the digest of commit 5 does not fit events 21 to 25'
    })
    expect(result).toMatchObject({ events: 25, commits: 4 })
  })
})

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
    const digest = commitDigest('0'.repeat(64))
    digest.add(canonical(fixed))
    expect(digest.hex()).toBe('e2ee1fe5c6793c74cab4c69533f26f7abbb8dd7671443c31cab26d897bb150f1')
  })
})
