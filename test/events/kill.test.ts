import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openSqliteLog } from '../../src/events/index.ts'
import { sampleModel } from './sample-read-model.ts'
import { sampleMigrations, temporaryDirectory } from './sqlite-harness.ts'
import { startWriter } from './writer-process.ts'

const kills = 25
const batchSize = 37
const seed = 20_261_123

/** Numbers in 0..1 from a seed (Lehmer), so that a failing row of moments can be had again. */
function randomFrom(start: number): () => number {
  let state = start % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

describe('a writer that is killed', () => {
  it(`loses nothing that it acknowledged and leaves nothing half done (${kills} kills, seed ${seed})`, async () => {
    const directory = temporaryDirectory()
    const path = join(directory.path, 'log.db')
    const random = randomFrom(seed)
    try {
      for (let kill = 0; kill < kills; kill++) {
        const writer = startWriter(path, { batchSize, withReadModel: true })
        await writer.started
        await setTimeout(random() * 120)
        writer.process.kill('SIGKILL')
        const { acknowledged, stderr } = await writer.ended
        expect(stderr).toBe('')
        await expectWhole(path, acknowledged)
      }
    } finally {
      directory.remove()
    }
  })
})

async function expectWhole(path: string, acknowledged: number): Promise<void> {
  const log = await openSqliteLog({ path, readModels: [sampleModel], migrations: sampleMigrations })
  try {
    const [stream] = await log.streams()
    const revision = stream?.revision ?? 0
    expect(acknowledged).toBeGreaterThan(0)
    expect(revision).toBeGreaterThanOrEqual(acknowledged)
    expect(revision % batchSize).toBe(0)
    expect(await log.verify()).toMatchObject({ ok: true, events: revision, commits: revision / batchSize })
    const tables = async () => ({
      counts: await log.kysely
        .selectFrom('sample_counts' as 'streams')
        .selectAll()
        .execute(),
      snapshots: await log.kysely
        .selectFrom('sample_snapshots' as 'streams')
        .selectAll()
        .execute()
    })
    const left = await tables()
    await log.rebuild()
    expect(await tables()).toEqual(left)
  } finally {
    await log.close()
  }
}
