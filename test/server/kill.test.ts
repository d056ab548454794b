import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqliteLog } from '../../src/events/index.ts'
import { temporaryDirectory } from '../cli/command-line.ts'
import { seeded } from '../cli/seeded.ts'
import { collect, switches } from '../events/sample-events.ts'
import { compiled } from '../support/compiled.ts'
import { append, startServiceProcess } from './service-process.ts'

const kills = process.env.CI === undefined ? 50 : 20
const seed = 20261125
const runMsMax = 150
const batch = 5

const directory = temporaryDirectory()
let start = ''
beforeAll(() => {
  start = compiled(fileURLToPath(new URL('../../src/cli/start.ts', import.meta.url)), directory.path)
}, 120_000)
afterAll(() => directory.remove())

/** The numbers of the events that the log has, in order, from a log that has to verify. */
async function stored(db: string): Promise<number[]> {
  const log = await openSqliteLog({ path: db, readOnly: true })
  expect(await log.verify()).toMatchObject({ ok: true })
  const events = await collect(log.read({}))
  await log.close()
  return events.map(({ evidence }) => evidence.line)
}

describe('a service that is killed', () => {
  it(`loses nothing that was acknowledged and has nothing twice, ${kills} times`, {
    timeout: 900_000
  }, async () => {
    const db = join(directory.path, 'killed.db')
    const random = seeded(seed)
    const acknowledged = new Set<number>()
    let next = 1
    for (let kill = 0; kill < kills; kill++) {
      const service = await startServiceProcess([
        start,
        'serve',
        '--db',
        db,
        '--port',
        '0',
        '--rate',
        '1000000'
      ])
      // Two clients at once; what got no answer is sent again after the next start, as ingest --to does.
      const send = async (first: number): Promise<boolean> => {
        const events = switches(first, batch)
        try {
          await append(service, events)
          for (const { evidence } of events) acknowledged.add(evidence.line)
          return true
        } catch (error) {
          if (error instanceof Error && error.name === 'AssertionError') throw error
          return false
        }
      }
      // The first answer may take long on a busy machine: the kill's moment counts from there.
      expect(await send(next)).toBe(true)
      next += batch
      setTimeout(() => service.process.kill('SIGKILL'), random() * runMsMax)
      for (;;) {
        const answers = await Promise.all([send(next), send(next + batch)])
        if (answers.includes(false)) break
        next += 2 * batch
      }
      await service.ended
      const found = await stored(db)
      const all = new Set(found)
      expect(found.length, 'nothing is there twice').toBe(all.size)
      for (const number of acknowledged) expect(all.has(number), `event ${number}`).toBe(true)
    }
    console.log(`seed ${seed}: ${kills} kills; ${acknowledged.size} events acknowledged`)
    expect(acknowledged.size).toBeGreaterThanOrEqual(kills * batch)
  })
})
