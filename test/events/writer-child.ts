import { writeSync } from 'node:fs'
import { openSqliteLog } from '../../src/events/index.ts'
import { switches } from './sample-events.ts'
import { sampleModel } from './sample-read-model.ts'
import { sampleMigrations } from './sqlite-harness.ts'

/** A writer of its own: appends batches to stream w/1 and prints its revision after each that was acknowledged. */
const [path = '', batches = '0', batchSize = '1', withReadModel = ''] = process.argv.slice(2)
const log = await openSqliteLog({
  path,
  ...(withReadModel !== '' && { readModels: [sampleModel], migrations: sampleMigrations })
})
let revision = (await log.streams())[0]?.revision ?? 0
for (let batch = 0; batches === '0' || batch < Number(batches); batch++) {
  const result = await log.append(
    'w/1',
    revision === 0 ? 'no-stream' : revision,
    switches(revision + 1, Number(batchSize))
  )
  revision = result.revision
  writeSync(1, `${revision}\n`)
}
await log.close()
