import { expect, it } from 'vitest'
import { memoryHistory, timelineLines } from '../../src/projections/index.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'

it.each(recordings())('$name in memory is the timeline that its log has', async (recording) => {
  const { log, stream } = await ingestRecording(recording, () => true)
  const info = (await log.streams()).find((one) => one.stream === stream)
  if (info === undefined) throw new Error('the stream is missing')
  const facts = []
  for await (const page of log.read({ stream })) facts.push(...page)
  const memory = memoryHistory(stream, facts, 'a test')
  const headOf = async (lines: AsyncGenerator<string>) => {
    const first = await lines.next()
    await lines.return(undefined)
    return JSON.parse(String(first.value)) as object
  }
  const stored = await headOf(timelineLines(log, info, []))
  expect(await headOf(timelineLines(memory.log, memory.info, []))).toEqual({ ...stored, bootNs: null })
  await log.dispose()
})
