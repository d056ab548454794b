import { describe, expect, test } from 'vitest'
import { type Blame, blameOf, stateAt } from '../../src/projections/index.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'
import { enabled, type HandMade, handMade, patched, STREAM } from './hand-made.ts'

describe('blameOf', () => {
  test('a nop over a hook over an older patch, each with its command', async () => {
    const recording = recordings().find(({ name }) => name === 'hyb-6f-nop-shadow')
    if (recording === undefined) throw new Error('no recording')
    const { log, stream } = await ingestRecording(recording, () => true)
    const state = await stateAt(log, stream, await log.positionAt(stream, 25_000_000_000n))
    const rows = await blameOf(log, stream, state, '__x64_sys_getpgrp')
    await log.dispose()
    expect(
      rows.map(({ place, patch, nop, type, actor }) => [place, patch, nop, type, actor?.command])
    ).toEqual([
      [1, 'lp_stuck', true, 'object.patched', 'insmod lp_stuck'],
      [2, 'lp_hook', false, 'object.patched', 'insmod lp_hook'],
      [3, 'lp_nopbase', false, 'object.patched', 'insmod lp_nopbase']
    ])
    expect(rows.map(({ uptimeNs }) => uptimeNs)).toEqual([21_288_243_000n, 18_900_971_000n, 17_340_933_000n])
  })

  const shell = { pid: 9, comm: 'insmod', uid: 0, auid: 1000, command: 'insmod lp_b' }
  const history: HandMade[] = [
    enabled(10, 'lp_a', ['f', 'g']),
    ...patched(11, 'lp_a'),
    enabled(20, 'lp_b', ['f'], { actor: shell }),
    ...patched(21, 'lp_b')
  ]

  async function of(facts: readonly HandMade[], name: string): Promise<Blame[]> {
    const log = await handMade(facts)
    const rows = await blameOf(log, STREAM, await stateAt(log, STREAM, facts.length), name)
    await log.dispose()
    return rows
  }

  test('an entry stays on its event while others come and go', async () => {
    const facts: HandMade[] = [
      ...history,
      [30, 'patch.disabled', { patch: 'lp_b', actor: null }],
      [31, 'transition.started', { patch: 'lp_b', goal: 'unpatched' }],
      [32, 'transition.completed', { patch: 'lp_b', goal: 'unpatched' }]
    ]
    expect((await of(history, 'f')).map(({ patch, position }) => [patch, position])).toEqual([
      ['lp_b', 6],
      ['lp_a', 2]
    ])
    expect((await of(facts, 'f')).map(({ patch, position }) => [patch, position])).toEqual([['lp_a', 2]])
  })

  test('the actor is who enabled the patch, null where nobody tells', async () => {
    const rows = await of(history, 'vmlinux:f')
    expect(rows.map((row) => [row.enabledPosition, row.actor])).toEqual([
      [5, shell],
      [1, null]
    ])
  })

  test('a patch that came back is blamed on its new life', async () => {
    const again: HandMade[] = [
      ...history,
      [30, 'patch.freed', { patch: 'lp_a' }],
      enabled(40, 'lp_a', ['f']),
      ...patched(41, 'lp_a')
    ]
    expect((await of(again, 'f')).map(({ patch, position }) => [patch, position])).toEqual([
      ['lp_a', 11],
      ['lp_b', 6]
    ])
  })

  test('a patch that only a snapshot shows is blamed on the snapshot', async () => {
    const sysfs = {
      name: 'lp_s',
      enabled: true,
      transition: false,
      replace: false,
      replaceable: null,
      replaceSet: null,
      stackOrder: null,
      objects: [{ name: 'vmlinux', patched: true, functions: [{ name: 'f', sympos: 1, newName: null }] }]
    }
    const facts: HandMade[] = [
      [
        50,
        'host.observed',
        {
          fromNs: '40000000',
          label: null,
          patches: [sysfs],
          modules: null,
          kprobes: null,
          hooks: null,
          hooksComplete: false
        }
      ]
    ]
    expect(await of(facts, 'f')).toMatchObject([{ patch: 'lp_s', type: 'host.observed', actor: null }])
  })

  test('a function that nobody patches has nobody to blame', async () => {
    expect(await of(history, 'h')).toEqual([])
  })
})
