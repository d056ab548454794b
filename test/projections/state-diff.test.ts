import { describe, expect, test } from 'vitest'
import {
  diffStates,
  isSameState,
  type KernelState,
  type StateDiff,
  stateAt
} from '../../src/projections/index.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'
import { enabled, type HandMade, handMade, patched, STREAM } from './hand-made.ts'

async function between(facts: readonly HandMade[], from: number, to = facts.length): Promise<StateDiff> {
  const log = await handMade(facts)
  const states: KernelState[] = []
  for (const position of [from, to]) states.push(await stateAt(log, STREAM, position))
  await log.dispose()
  const [before, after] = states
  if (before === undefined || after === undefined) throw new Error('no state')
  return diffStates(before, after)
}

const life: HandMade[] = [
  [1, 'module.loaded', { module: 'lp_a', livepatch: true, actor: null }],
  enabled(10, 'lp_a', ['f']),
  ...patched(11, 'lp_a'),
  enabled(20, 'lp_b', ['f', 'g']),
  [21, 'object.patched', { patch: 'lp_b', object: 'vmlinux' }],
  [22, 'transition.started', { patch: 'lp_b', goal: 'patched' }],
  [23, 'transition.completed', { patch: 'lp_b', goal: 'patched' }],
  [30, 'patch.freed', { patch: 'lp_a' }],
  [31, 'module.unloaded', { module: 'lp_a', reason: 'removed' }]
]

describe('diffStates', () => {
  test('nothing differs between a moment and itself', async () => {
    const diff = await between(life, 7, 7)
    expect(isSameState(diff)).toBe(true)
    expect(diff.transition).toBeNull()
  })

  test('a patch that came', async () => {
    const diff = await between(life, 5, 9)
    expect(isSameState(diff)).toBe(false)
    expect(diff.patches).toEqual({ added: ['lp_b'], removed: [], changed: [] })
    const [a, b] = ['lp_a', 'lp_b'].map((patch) => ({ patch, nop: false }))
    expect(diff.functions).toEqual([
      { function: 'vmlinux:f,1', before: [a], after: [b, a] },
      { function: 'vmlinux:g,1', before: [], after: [b] }
    ])
    expect(diff.modules).toEqual({ loaded: ['lp_b'], unloaded: [] })
  })

  test('a patch that went, with its module', async () => {
    const diff = await between(life, 9, 11)
    expect(diff.patches).toMatchObject({ added: [], removed: ['lp_a'] })
    expect(diff.modules).toEqual({ loaded: [], unloaded: ['lp_a'] })
    expect(diff.functions).toEqual([
      {
        function: 'vmlinux:f,1',
        before: [
          { patch: 'lp_b', nop: false },
          { patch: 'lp_a', nop: false }
        ],
        after: [{ patch: 'lp_b', nop: false }]
      }
    ])
  })

  test('the end of a transition, field by field', async () => {
    const diff = await between(life, 8, 9)
    expect(diff.patches.changed).toEqual([
      { name: 'lp_b', fields: { transition: { before: true, after: false } } }
    ])
    expect(diff.transition).toMatchObject({ before: { patch: 'lp_b', goal: 'patched' }, after: null })
  })

  test('a patch that went and came back is another one of that name', async () => {
    const again = [...life.slice(0, 5), [30, 'patch.freed', { patch: 'lp_a' }] as const, ...life.slice(1, 5)]
    const facts = again.map(([ms, ...rest], n) => [n < 6 ? ms : ms + 100, ...rest] as unknown as HandMade)
    const diff = await between(facts, 5)
    expect(diff.patches.changed).toEqual([
      { name: 'lp_a', fields: { since: { before: '10000000', after: '110000000' } } }
    ])
    expect(diff.functions).toEqual([])
  })

  test('a hook falls into the shadow of a nop', async () => {
    const recording = recordings().find(({ name }) => name === 'hyb-6f-nop-shadow')
    if (recording === undefined) throw new Error('no recording')
    const { log, stream } = await ingestRecording(recording, () => true)
    const at = async (ns: bigint) => stateAt(log, stream, await log.positionAt(stream, ns))
    const states = [await at(19_900_000_000n), await at(21_000_000_000n), await at(25_000_000_000n)] as const
    await log.dispose()
    const ov = { program: 'ov', module: 'lp_hook', function: 'lp_hook_getpgrp' }
    expect(diffStates(states[0], states[1]).hooks).toEqual({ attached: [ov], detached: [], changed: [] })
    const { hooks, functions } = diffStates(states[1], states[2])
    expect(hooks.changed).toEqual([
      {
        ...ov,
        status: { before: 'active', after: 'shadowed' },
        reach: { before: 'all', after: 'unswitched' }
      }
    ])
    expect(functions.find((one) => one.function === 'vmlinux:__x64_sys_getpgrp,1')?.after[0]).toEqual({
      patch: 'lp_stuck',
      nop: true
    })
    expect(diffStates(states[1], states[0]).hooks.detached).toEqual([ov])
  })
})
