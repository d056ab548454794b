import { describe, expect, test } from 'vitest'
import { enabled, type HandMade, patched } from '../projections/hand-made.ts'
import { askHistory, askRecording, lines } from './asked.ts'

describe('klplog blocking', () => {
  test('a sleeper that the signal did not help, and one that was only running', async () => {
    const signal = await askRecording('up-7c-signal')
    const text = await signal.print('blocking')
    const later = await signal.print('blocking --at +20')
    await signal.dispose()
    expect(text).toBe(
      lines(
        'lp_busy: patching transition at +12.125731; took 29.837 s; 47 tasks switched; signaled at +26.952846',
        '  PID  COMM             BLOCKED BECAUSE IT                      FROM               MS  TRIES  UNTIL',
        '  171  labctl           is sleeping on function lp_target_busy  +12.158393  29050.520     30  it switched',
        '   56  ld-linux-x86-64  is running                              +12.158194      2.230      1  it switched'
      )
    )
    expect(later).toContain('labctl')
    expect(later).not.toContain('ld-linux')
  })

  test('one row a task in the JSON, with its transition', async () => {
    const force = await askRecording('up-7b-force')
    const rows = JSON.parse(await force.print('blocking -o json')) as Record<string, unknown>[]
    await force.dispose()
    expect(rows.map(({ pid, goal, endedBy, forcedNs }) => [pid, goal, endedBy, forcedNs])).toEqual([
      [64, 'patched', 'forced', '6118866000'],
      [90, 'unpatched', 'forced', '16166662000'],
      [0, 'unpatched', 'switched', '16166662000']
    ])
  })

  test('why there is nothing to show', async () => {
    const quiet: HandMade[] = [enabled(10, 'lp_a', ['f']), ...patched(11, 'lp_a')]
    const untold = await askHistory(quiet)
    expect((await untold.run('blocking')).stderr).toBe('1 transition, and no evidence of its tasks.\n')
    expect((await untold.run('blocking --since +1')).stderr).toBe('No transition was under way.\n')
    expect((await untold.run('blocking --patch lp_z -o json')).stdout).toBe('[]\n')
    await untold.dispose()
    const shadow = await askRecording('hyb-6f-nop-shadow')
    expect((await shadow.run('blocking --until +20')).stderr).toBe(
      '2 transitions, and none had to wait for a task.\n'
    )
    await shadow.dispose()
  })

  test('who still waits', async () => {
    const facts: HandMade[] = [
      enabled(10, 'lp_a', ['f']),
      [11, 'transition.started', { patch: 'lp_a', goal: 'patched' }],
      [
        12,
        'task.blocked',
        {
          patch: 'lp_a',
          goal: 'patched',
          pid: 7,
          comm: 'kthreadd',
          reason: 'unreliable-stack',
          function: null
        }
      ],
      [2012, 'task.switched', { patch: 'lp_a', goal: 'patched', pid: 8, comm: 'sh', how: 'self' }]
    ]
    const asked = await askHistory(facts)
    const text = await asked.print('blocking')
    await asked.dispose()
    expect(text).toContain('lp_a: patching transition at +0.010000; under way for 2.002 s; 1 task switched')
    expect(text).toMatch(
      /^ +7 +kthreadd +has an unreliable stack +\+0\.012000 +>2000\.000 +1 +still blocked$/m
    )
  })
})
