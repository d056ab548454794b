import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { readKernelLog } from '../../src/collectors/index.ts'
import type { StoredEvent } from '../../src/events/index.ts'
import { hybrid, mainline } from '../../src/kernel/index.ts'
import {
  type Conformance,
  conform,
  manifest,
  manifestModules,
  recordedWorld
} from '../../src/replay/index.ts'
import { ingestRecording, type Recording, recordings, sourcesOf } from '../support/recordings.ts'

/** The judge of the model: it must explain what real kernels did, operation by operation. */

const totals = { operations: 0, explained: 0 }

async function conformRecording(
  recording: Recording,
  change: (history: StoredEvent[]) => StoredEvent[] = (history) => history,
  rules = recording.policy === 'hybrid' ? hybrid : mainline
): Promise<Conformance> {
  const { log, stream } = await ingestRecording(recording, () => true)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  await log.dispose()
  const kernelLog = await readKernelLog(await sourcesOf(recording, () => true))
  const modules = manifestModules(manifest.parse(JSON.parse(readFileSync(recording.manifest, 'utf8'))))
  const world = recordedWorld(history, modules.specs, rules, kernelLog ?? [])
  return conform(
    { name: recording.name, history: change(history), log: kernelLog, returns: modules.returns },
    world
  )
}

test.each(recordings())('every operation of $name is explained', async (recording) => {
  const { operations, explained, divergences } = await conformRecording(recording)
  totals.operations += operations
  totals.explained += explained
  expect(divergences).toEqual([])
  expect(operations).toBeGreaterThan(5)
})

describe('what the model does not explain', () => {
  const nopShadow = recordings().find(({ name }) => name === 'hyb-6f-nop-shadow') as Recording

  test('an event that is missing from the recording is found, with its operation', async () => {
    const result = await conformRecording(nopShadow, (history) =>
      history.filter((event) => !(event.type === 'patch.replaced' && event.data.patch === 'lp_nopbase'))
    )
    expect(result.divergences[0]).toMatchObject({
      operation: 'try',
      mechanism: 'livepatch',
      expected: 'patch.replaced patch=lp_nopbase by=lp_stuck',
      observed: 'object.unpatched patch=lp_nopbase object=vmlinux nopsOnly=false functions=__x64_sys_getpgrp'
    })
  })

  test('an errno that a command saw and the kernel would not give is found', async () => {
    const plain = recordings().find(({ name }) => name === 'up-1-plain') as Recording
    const result = await conformRecording(plain, (history) =>
      history.map((event) =>
        event.type === 'command.ran' && event.data.errno === 17
          ? { ...event, data: { ...event.data, errno: 16 } }
          : event
      )
    )
    expect(result.divergences).toMatchObject([
      { operation: 'insmod lp_plain', mechanism: 'errno', expected: '17', observed: '16' }
    ])
  })

  test('mainline rules do not explain a hybrid kernel: the hook would be replaced', async () => {
    const result = await conformRecording(nopShadow, undefined, mainline)
    const expected = result.divergences.map((one) => one.expected)
    expect(expected).toContain('patch.replaced patch=lp_hook by=lp_stuck')
  })
})

afterAll(() => {
  console.log(`${totals.explained} of ${totals.operations} recorded operations are explained`)
})
