import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteLog } from '../../src/events/index.ts'
import { logContract } from './log-contract.ts'
import { collect, switches } from './sample-events.ts'
import { sqliteHarness, temporaryDirectory } from './sqlite-harness.ts'
import { startWriter } from './writer-process.ts'

logContract('SQLite', sqliteHarness)

describe('the SQLite file', () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'log.db')
  afterAll(() => directory.remove())

  it('is in WAL mode, durable unless asked otherwise, with foreign keys', async () => {
    for (const [options, synchronous] of [
      [{}, 2],
      [{ durable: true }, 2],
      [{ durable: false }, 1]
    ] as const) {
      const log = await openSqliteLog({ path, ...options })
      const pragma = async (name: string) => {
        const { rows } = await log.kysely.executeQuery<Record<string, unknown>>(rawQuery(`pragma ${name}`))
        return Object.values(rows[0] ?? {})[0]
      }
      expect(await pragma('journal_mode')).toBe('wal')
      expect(await pragma('synchronous')).toBe(synchronous)
      expect(await pragma('foreign_keys')).toBe(1)
      await log.close()
    }
  })

  it('refuses UPDATE and DELETE of events and commits, whoever asks', async () => {
    const log = await openSqliteLog({ path })
    await log.append('a/1', 'any', switches(1, 3))
    const before = await collect(log.rows(0, 9))
    await log.close()
    const behind = new Database(path)
    for (const [statement, table, deed] of [
      ["update events set raw = 'x' where position = 2", 'events', 'update'],
      ['delete from events where position = 3', 'events', 'delete'],
      ['delete from events', 'events', 'delete'],
      ["update commits set digest = ''", 'commits', 'update'],
      ['delete from commits', 'commits', 'delete'],
      ['insert or replace into events select * from events where position = 2', 'events', 'delete']
    ] as const) {
      expect(() => behind.pragma('recursive_triggers = on') && behind.exec(statement)).toThrow(
        `the log is append-only: ${table} refuses ${deed}`
      )
    }
    expect(() =>
      behind.exec(
        "insert into events select 9, stream_id, 9, x'00', type, 'one', 0, 0, 0, 0, data, 1, 1, raw, 0 from events"
      )
    ).toThrow(/cannot store TEXT value in INTEGER column/)
    behind.close()
    const again = await openSqliteLog({ path, readOnly: true })
    expect(await collect(again.rows(0, 9))).toEqual(before)
    await again.close()
  })

  it('can be made by several processes at the same moment', async () => {
    const shared = join(directory.path, 'shared.db')
    const openers = Array.from({ length: 4 }, () => startWriter(shared, { batches: -1, batchSize: 1 }))
    for (const opener of openers) {
      expect(await opener.ended).toMatchObject({ stderr: '', code: 0 })
    }
    const log = await openSqliteLog({ path: shared, readOnly: true })
    expect(await log.verify()).toMatchObject({ ok: true, events: 0 })
    await log.close()
  })

  it('can be made by several connections of one process at the same moment', async () => {
    const fresh = join(directory.path, 'fresh.db')
    const logs = await Promise.all(Array.from({ length: 4 }, () => openSqliteLog({ path: fresh })))
    for (const [index, log] of logs.entries()) await log.append('a/1', 'any', switches(index + 1, 1))
    expect(await logs[0]?.verify()).toMatchObject({ ok: true, events: 4 })
    for (const log of logs) await log.close()
  })

  it('keeps the source of each event, also of more sources than it remembers', async () => {
    const log = await openSqliteLog({ path: ':memory:' })
    const sources = 10_050
    const events = switches(1, 2 * sources).map((event, n) => ({
      ...event,
      evidence: { ...event.evidence, source: `host-${n % sources}/trace.txt` }
    }))
    for (let n = 0; n < events.length; n += 5000) await log.append('a/1', 'any', events.slice(n, n + 5000))
    const found = (await collect(log.read({}))).map(({ evidence }) => evidence.source)
    expect(found).toEqual(events.map(({ evidence }) => evidence.source))
    await log.close()
  })

  it('can be in memory only', async () => {
    const log = await openSqliteLog({ path: ':memory:' })
    await log.append('a/1', 'any', switches(1, 3))
    expect(await log.verify()).toMatchObject({ ok: true, events: 3 })
    await log.close()
  })
})

function rawQuery(text: string) {
  return {
    sql: text,
    parameters: [],
    query: { kind: 'RawNode' as const, sqlFragments: [text], parameters: [] },
    queryId: { queryId: text }
  }
}
