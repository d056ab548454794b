import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonical, checksum, type EventRow } from '../../src/events/canonical.ts'
import { openSqliteLog, type SqliteLog, type VerifyResult } from '../../src/events/index.ts'
import { anyEvent } from './arbitrary-events.ts'
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
