import { readFileSync } from 'node:fs'
import type { StoredEvent } from '../../src/events/index.ts'
import { hybrid, mainline } from '../../src/kernel/index.ts'
import { type Course, manifest, manifestModules, recordedCourse } from '../../src/replay/index.ts'
import { ingestRecording, recordings } from './recordings.ts'

/** What a recording shows, as a course that the model can go. */
export async function courseOfRecording(name: string): Promise<Course> {
  const recording = recordings().find((one) => one.name === name)
  if (recording === undefined) throw new Error(`no recording ${name}`)
  const { log, stream } = await ingestRecording(recording, () => true)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  await log.dispose()
  const modules = manifestModules(manifest.parse(JSON.parse(readFileSync(recording.manifest, 'utf8'))))
  return recordedCourse(history, recording.policy === 'hybrid' ? hybrid : mainline, modules.specs)
}
