import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/events/index.ts'
import { hybrid, mainline, perform, type World } from '../../src/kernel/index.ts'
import {
  emptyState,
  fold,
  functionViews,
  hookRows,
  type KernelState,
  stackView
} from '../../src/projections/index.ts'
import { historyWorld, manifest, manifestModules, prepareOperations } from '../../src/replay/index.ts'
import { ingestRecording, type Recording, recordings } from '../support/recordings.ts'

/** A stored history as operations: performed anew, they give what was recorded. */

async function historyOf(recording: Recording): Promise<StoredEvent[]> {
  const { log, stream } = await ingestRecording(recording, () => true)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  await log.dispose()
  return history
}

function worldOf(recording: Recording, history: readonly StoredEvent[], withManifest: boolean): World {
  const modules = manifestModules(manifest.parse(JSON.parse(readFileSync(recording.manifest, 'utf8'))))
  const rules = recording.policy === 'hybrid' ? hybrid : mainline
  return historyWorld(history, rules, withManifest ? modules.specs : new Map())
}

/** What a user sees of a state. */
function seen(state: KernelState) {
  return {
    patches: stackView('', state).patches.map(({ name, enabled, transition }) => ({
      name,
      enabled,
      transition
    })),
    functions: functionViews(state).map(({ function: name, switched, unswitched }) => ({
      name,
      switched,
      unswitched
    })),
    hooks: hookRows(state).map(({ program, status, reach }) => ({ program, status, reach }))
  }
}

describe.each([
  { what: 'with a manifest', withManifest: true },
  { what: 'without a manifest', withManifest: false }
])('performed anew $what, the operations come to what was recorded', ({ withManifest }) => {
  test.each(recordings())('$name', async (recording) => {
    const history = await historyOf(recording)
    const world = worldOf(recording, history, withManifest)
    const state = emptyState()
    for (const { operation, uptimeNs } of prepareOperations(history, world))
      perform(state, operation, world, uptimeNs)
    expect(seen(state)).toEqual(seen(fold(emptyState(), history)))
  })
})
