import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enabled, type HandMade, patched } from '../projections/hand-made.ts'
import { type Asked, askHistory, askRecording, lines } from './asked.ts'

describe('klplog gaps', () => {
  let embed: Asked
  beforeAll(async () => {
    embed = await askRecording('up-4a-embed-kprobe')
  })
  afterAll(() => embed.dispose())

  test('one line a gap: its first cause, and who took over when', async () => {
    expect(await embed.print('gaps')).toBe(
      lines(
        'PROGRAM  FUNCTION             FROM        TO                MS  REASON                                                                       TAKEN OVER BY',
        "ov1      lp_embed_v1_getpgrp  +16.738698  +22.728608  5989.910  lp_embed_v2's version lies over lp_embed_v1's                                ov2 after 93.176 ms",
        'ov2      lp_embed_v2_getpgrp  +16.831874  +17.966045  1134.171  lp_embed_v2 is being enabled                                                 -',
        "ov2      lp_embed_v2_getpgrp  +23.550389  +31.634259  8083.870  lp_embed_v1's version lies over lp_embed_v2's                                ov3 after 3790.344 ms",
        'ov3      lp_embed_v1_getpgrp  +28.166751  +32.372794  4206.043  a nop of lp_embed_v3 lies over lp_embed_v1: calls run the original function  -'
      )
    )
  })

  test('all causes in the JSON', async () => {
    const [gap] = JSON.parse(await embed.print('gaps --hook ov1 -o json')) as { reason: string }[]
    expect(gap?.reason.split('; then ')).toEqual([
      "lp_embed_v2's version lies over lp_embed_v1's",
      'lp_embed_v2 replaced lp_embed_v1',
      'lp_embed_v1 is no longer enabled',
      'lp_embed_v1 was unloaded: its kprobe is [GONE]'
    ])
  })

  test('the moment at which a task lost it, and what was open then', async () => {
    const shadow = await askRecording('hyb-6f-nop-shadow')
    const [gap] = JSON.parse(await shadow.print('gaps --task 226 -o json')) as Record<string, unknown>[]
    expect(gap).toMatchObject({ program: 'ov', fromNs: '21306880000', toNs: '30849137000', task: 226 })
    expect(await shadow.print('gaps --at +25')).toContain('+21.306633  +30.849137')
    expect((await shadow.run('gaps --at +21')).stderr).toBe('No gap: every attached program was reached.\n')
    expect((await shadow.run('gaps --until +21')).stdout).toBe('')
    await shadow.dispose()
  })

  test('a name that no program has', async () => {
    expect((await embed.run('gaps --hook ov9')).stderr).toBe(
      'ov9 was never attached in up-4a-embed-kprobe/0. These were: ov1, ov2, ov3.\n'
    )
  })

  test('a gap that has not ended, and one that is not sure', async () => {
    const attached = {
      program: 'ov',
      programId: null,
      linkId: null,
      kind: 'fentry',
      module: 'lp_a',
      function: 'lp_a_f',
      address: null,
      overrides: null,
      overrideValue: null,
      filter: null,
      actor: null
    } as const
    const facts: HandMade[] = [
      [5, 'module.loaded', { module: 'lp_a', livepatch: true, actor: null }],
      enabled(10, 'lp_a', ['f']),
      ...patched(11, 'lp_a'),
      [20, 'hook.attached', attached],
      enabled(30, 'lp_b', ['f']),
      ...patched(31, 'lp_b'),
      [100, 'evidence.lost', { count: null, reason: 'the tracer was restarted' }]
    ]
    const asked = await askHistory(facts)
    const text = await asked.print('gaps')
    await asked.dispose()
    expect(text).toMatch(/^PROGRAM .* UNSURE BECAUSE$/m)
    expect(text).toMatch(/^ov +lp_a_f +\+0\.033000 +still +>67\.000 +lp_b's version lies over lp_a's/m)
    expect(text).toContain('an unknown number of records were lost: the tracer was restarted')
  })

  test('--at and a range exclude one another', async () => {
    const { exitCode, stderr } = await embed.run('gaps --at +20 --since +10')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--at is one moment')
  })
})
