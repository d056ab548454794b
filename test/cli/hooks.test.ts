import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, askRecording, lines } from './asked.ts'

describe('klplog hooks', () => {
  let shadow: Asked
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(() => shadow.dispose())

  test('a hook in the shadow of a nop', async () => {
    expect(await shadow.print('hooks --at +25')).toBe(
      lines(
        'PROGRAM  KIND    ON                       STATUS    SINCE       OVERRIDES  REACHED BY        WHY',
        'ov       kprobe  lp_hook:lp_hook_getpgrp  shadowed  +21.288243  yes        unswitched tasks  ' +
          'a nop of lp_stuck lies over lp_hook: calls run the original function'
      )
    )
  })

  test('marks on a terminal that can show them, words elsewhere', async () => {
    const env = { LANG: 'en_US.UTF-8', NO_COLOR: '1' }
    expect(await shadow.print('hooks --at +25', { isTTY: true, env })).toContain('✗ shadowed')
    expect(await shadow.print('hooks --at +21', { isTTY: true, env })).toContain('✓ active')
    expect(await shadow.print('hooks --at +25', { env })).not.toContain('✗')
    const ascii = { ...env, LC_ALL: 'C' }
    expect(await shadow.print('hooks --at +25', { isTTY: true, env: ascii })).not.toContain('✗')
  })

  test('none is an empty array, and a sentence beside it', async () => {
    const { exitCode, stdout, stderr } = await shadow.run('hooks -o json')
    expect([exitCode, stdout]).toEqual([0, '[]\n'])
    expect(stderr).toMatch(/^No BPF program is attached at @\d+, \+40\.021308\.\n$/)
    expect((await shadow.run('hooks')).stdout).toBe('')
  })

  test('a probe whose module was unloaded, and one half in place', async () => {
    const embed = await askRecording('up-4a-embed-kprobe')
    const gone = await embed.print('hooks --at +21')
    const half = await embed.print('hooks --at +17.5')
    await embed.dispose()
    expect(gone).toMatch(/^ov1 .* gone +\+20\.266918 +yes +no task +lp_embed_v1 was unloaded/m)
    expect(gone).toMatch(/^ov2 .* active +\+17\.966045 .* all tasks +-$/m)
    expect(half).toMatch(/^ov2 .* partial +\+16\.831874 .* switched tasks +lp_embed_v2 is being enabled$/m)
  })
})
