import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Policy, StoredEvent } from '../../src/events/index.ts'
import type { ModuleSpec } from '../../src/kernel/index.ts'
import { type Change, manifest, manifestModules, recordedModules, rulesOf, whatIf } from '../../src/replay/index.ts'
import { ingestRecording, type Recording, recordings } from '../support/recordings.ts'

async function historyOf(recording: Recording): Promise<StoredEvent[]> {
  const { log, stream } = await ingestRecording(recording, () => true)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  await log.dispose()
  return history
}

const none: ReadonlyMap<string, ModuleSpec> = new Map()

function modulesOf({ manifest: path }: Recording): ReadonlyMap<string, ModuleSpec> {
  return manifestModules(manifest.parse(JSON.parse(readFileSync(path, 'utf8')))).specs
}

function changeTo(policy: Policy, change: Partial<Change> = {}): Change {
  return { rules: rulesOf[policy], added: [], without: [], ...change }
}

describe.each(recordings())('$name under its own policy', (recording) => {
  test('is the same', async () => {
    const history = await historyOf(recording)
    for (const known of [modulesOf(recording), none]) {
      const recorded = recordedModules(history, rulesOf[recording.policy], known)
      const { steps, same, unexplained } = whatIf(history, recorded, changeTo(recording.policy))
      expect(steps.filter(({ parts }) => parts !== null)).toEqual([])
      console.log(recording.name, known.size, steps.length, unexplained, recorded.unknown)
      expect(same).toBe(true)
    }
  })
})
