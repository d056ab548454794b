import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enabled, type HandMade, patched } from '../projections/hand-made.ts'
import { type Asked, askHistory, askRecording, lines, unplaced } from './asked.ts'

describe('klplog stack', () => {
  let shadow: Asked
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(() => shadow.dispose())

  test('patches, functions, and the transition that a sleeper holds up', async () => {
    expect(unplaced(await shadow.print('stack --at +25'))).toBe(
      lines(
        'hyb-6f-nop-shadow/0 at @N, +24.833106, hybrid policy',
        '',
        'Loaded patch modules:',
        '  ORDER  PATCH       STATE          REPLACE  REPLACEABLE  SINCE',
        '      1  lp_nopbase  [enabled]      no       yes          +17.320959',
        '      2  lp_hook     [enabled]      no       no           +18.900725',
        '      3  lp_stuck    [enabling...]  yes      yes          +21.263937',
        '',
        'Currently livepatched functions:',
        '  FUNCTION           OBJECT     STACK, TOP FIRST                      TASKS       CALLS RUN  HOOK',
        '  lp_target_busy     lp_target  lp_stuck                              switched    lp_stuck   -',
        '                                                                      unswitched  original   -',
        '  __x64_sys_getpgrp  vmlinux    nop(lp_stuck) > lp_hook > lp_nopbase  switched    original   -',
        '                                                                      unswitched  lp_hook    ov',
        '  cmdline_proc_show  vmlinux    lp_stuck                              switched    lp_stuck   -',
        '                                                                      unswitched  original   -',
        '',
        'Transition:',
        '  lp_stuck: patching transition since +21.263937; under way for 3.569 s; 39 tasks switched, 1 blocked',
        '',
        'Stalled processes:',
        '  labctl:242 is sleeping on function lp_target_busy (4 tries since +21.306979)'
      )
    )
  })

  test('outside of a transition all tasks run the same', async () => {
    const text = await shadow.print('stack --at +31')
    expect(text).toContain('  FUNCTION           OBJECT     STACK, TOP FIRST  CALLS RUN  HOOK\n')
    expect(text).toContain('  __x64_sys_getpgrp  vmlinux    lp_hook           lp_hook    ov\n')
    expect(text).not.toContain('Transition')
  })

  test('nothing is patched at the end', async () => {
    expect(unplaced(await shadow.print('stack'))).toBe(
      lines('hyb-6f-nop-shadow/0 at @N, +40.021308, hybrid policy', 'No patch is loaded.')
    )
  })

  test('the contract, where the kernel has no such attribute', async () => {
    const replace = await askRecording('up-3-replace')
    const answer = JSON.parse(await replace.print('stack --at +16.5 -o json')) as {
      patches: Record<string, unknown>[]
    }
    await replace.dispose()
    expect(answer.patches).toMatchObject([
      { name: 'lp_a', enabled: true, transition: false, replace: false, replaceable: null, stackOrder: null },
      { name: 'lp_cumul_v1', enabled: true, transition: true, replace: true, replaceSet: null }
    ])
  })

  test('nobody is stalled behind a force', async () => {
    const force = await askRecording('up-7b-force')
    const before = await force.print('stack --at +6.1')
    const behind = await force.print('stack --at +6.5')
    await force.dispose()
    expect(before).toContain('labctl:64 is sleeping on function lp_target_busy (3 tries since +4.201428)')
    expect(behind).toContain('0 blocked; forced at +6.118866')
    expect(behind).not.toContain('Stalled')
  })

  test('words of kpatch for what is neither enabled nor enabling', async () => {
    const disabling: HandMade[] = [
      enabled(10, 'lp_a', ['f']),
      ...patched(11, 'lp_a'),
      [20, 'patch.disabled', { patch: 'lp_a', actor: null }],
      [21, 'transition.started', { patch: 'lp_a', goal: 'unpatched' }]
    ]
    const asked = await askHistory([
      ...disabling,
      [22, 'transition.completed', { patch: 'lp_a', goal: 'unpatched' }]
    ])
    expect(await asked.print('stack --at @6')).toContain('lp_a   [disabling...]')
    expect(await asked.print('stack')).toContain('lp_a   [disabled]')
    await asked.dispose()
  })

  test('says when it is not sure, since when and why', async () => {
    const asked = await askHistory([
      enabled(10, 'lp_a', ['f']),
      ...patched(11, 'lp_a'),
      [500, 'evidence.lost', { count: 62, reason: 'the ring buffer overran' }]
    ])
    const text = await asked.print('stack')
    const { unsure } = JSON.parse(await asked.print('stack -o json')) as { unsure: unknown }
    await asked.dispose()
    expect(text).toContain('Unsure since +0.500000: 62 records were lost: the ring buffer overran.')
    expect(unsure).toMatchObject({ sinceNs: '500000000' })
  })

  test('tells of a snapshot that contradicted the events', async () => {
    const asked = await askHistory([
      enabled(10, 'lp_a', ['f']),
      ...patched(11, 'lp_a'),
      [
        900,
        'host.observed',
        {
          fromNs: '800000000',
          label: null,
          patches: [],
          modules: null,
          kprobes: null,
          hooks: null,
          hooksComplete: false
        }
      ]
    ])
    const text = await asked.print('stack')
    await asked.dispose()
    expect(text).toContain('contradicted the events, and was believed, 1 time:')
    expect(text).toContain('  @5 +0.900000 lp_a is not in sysfs, and no event freed it')
  })
})
