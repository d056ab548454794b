import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { openSqliteLog, type SqliteLog } from '../../src/events/index.ts'
import { firstEvents } from './contract/live.ts'
import { switches } from './sample-events.ts'
import { temporaryDirectory } from './sqlite-harness.ts'
import { startWriter } from './writer-process.ts'

/** The contract has the rest; here is what polling must do. */
describe('subscribe over SQLite', () => {
  const directory = temporaryDirectory()
  const opened: SqliteLog[] = []
  let files = 0

  async function open(pollMs: number, path = join(directory.path, `${files++}.db`)) {
    const log = await openSqliteLog({ path, durable: false, pollMs })
    opened.push(log)
    return { log, path }
  }

  afterEach(async () => {
    vi.useRealTimers()
    for (const log of opened.splice(0)) await log.close()
  })

  afterAll(() => directory.remove())

  it('sees every event of a writer in another process, in order and once', async () => {
    const { log, path } = await open(5)
    const seen = firstEvents(log.subscribe({}), 200)
    const writer = startWriter(path, { batches: 40, batchSize: 5 })
    expect((await seen).map(({ position }) => position)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1)
    )
    expect((await writer.ended).acknowledged).toBe(200)
  })

  it('needs no poll for what this process appends', async () => {
    const { log } = await open(3_600_000)
    const seen = firstEvents(log.subscribe({}), 3)
    await log.append('a/1', 'any', switches(1, 3))
    expect(await seen).toHaveLength(3)
  })

  it('has one timer for all subscribers, and none after the last has gone', async () => {
    const { log } = await open(100)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const first = log.subscribe({}).subscribe()
    const second = log.subscribe({}).subscribe()
    expect(vi.getTimerCount()).toBe(1)
    first.unsubscribe()
    expect(vi.getTimerCount()).toBe(1)
    second.unsubscribe()
    expect(vi.getTimerCount()).toBe(0)
    log.subscribe({}).subscribe()
    expect(vi.getTimerCount()).toBe(1)
    await log.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('hands a damaged event to the observer as an error', async () => {
    const { log, path } = await open(5)
    await log.append('a/1', 'any', switches(1, 2))
    const behind = new Database(path)
    behind.exec("drop trigger events_no_update; update events set data = '{' where position = 2")
    behind.close()
    await expect(firstEvents(log.subscribe({}), 2)).rejects.toMatchObject({ code: 'corrupt' })
    await log.close()
  })
})
