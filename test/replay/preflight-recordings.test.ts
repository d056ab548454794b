import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/events/index.ts'
import { isSyscallEntry, linux612, type World } from '../../src/kernel/index.ts'
import { gapsOf, stateAt } from '../../src/projections/index.ts'
import { manifest, manifestModules, preflight, rulesOf } from '../../src/replay/index.ts'
import { ingestRecording, type Recording, recordings } from '../support/recordings.ts'

/** A preflight right before each recorded load tells what the real kernel then did. */

function worldOf({ policy }: Recording): World {
  return {
    rules: rulesOf[policy],
    traits: linux612,
    modules: new Map(),
    symbolCounts: new Map(),
    isErrorInjectable: isSyscallEntry
  }
}

interface Load {
  readonly module: string
  readonly position: number
  readonly fromNs: bigint
  /** When its transition was over, or the load was refused. */
  readonly toNs: bigint
  readonly errno: number
  readonly message: string | null
}

/** Every load of a livepatch that the recording shows, with its end. */
function loadsOf(history: readonly StoredEvent[]): Load[] {
  return history.flatMap((event, n): Load[] => {
    if (event.type !== 'module.loaded' || event.data.livepatch !== true) return []
    const { module } = event.data
    for (const later of history.slice(n)) {
      const began = { module, position: event.position, fromNs: event.uptimeNs, toNs: later.uptimeNs }
      if (later.type === 'patch.rejected' && later.data.operation === 'enable' && later.data.patch === module)
        return [{ ...began, errno: later.data.errno ?? 0, message: later.data.message }]
      if (later.type === 'transition.completed' && later.data.patch === module)
        return [{ ...began, errno: 0, message: null }]
      if (later.type === 'transition.reversed' || later.type === 'transition.forced') return []
    }
    return []
  })
}

describe.each(recordings())('$name', (recording) => {
  test('every load comes to what its preflight tells', async () => {
    const { log, stream } = await ingestRecording(recording, () => true)
    const history: StoredEvent[] = []
    for await (const page of log.read({ stream })) history.push(...page)
    const { specs } = manifestModules(manifest.parse(JSON.parse(readFileSync(recording.manifest, 'utf8'))))
    const gaps = await gapsOf(log, stream, null)
    for (const load of loadsOf(history)) {
      const spec = specs.get(load.module)
      // No recorded state tells the symbol table, or with which parameters the module is loaded.
      if (spec?.patch == null || /symbol/.test(load.message ?? '')) continue
      if (typeof spec.patch.prePatchReturns === 'object') continue
      const before = await stateAt(log, stream, load.position - 1)
      const told = preflight(before, spec, worldOf(recording))
      expect(told.refused?.errno ?? 0, load.module).toBe(load.errno)
      if (load.errno !== 0) continue
      const lost = gaps.filter(({ fromNs }) => fromNs >= load.fromNs && fromNs <= load.toNs)
      const attached = lost.filter(({ program }) => before.hooks.some((hook) => hook.program === program))
      expect(told.hooks.map(({ program }) => program).sort(), load.module).toEqual(
        attached.map(({ program }) => program).sort()
      )
      for (const hook of told.hooks) {
        const gap = attached.find(({ program }) => program === hook.program)
        const endsByItself = gap?.toNs != null && gap.toNs <= load.toNs
        expect(hook.effect === 'bypassed', `${load.module}: ${hook.program}`).toBe(endsByItself)
      }
    }
    await log.dispose()
  })
})
