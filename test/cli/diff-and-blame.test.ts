import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, askRecording, lines, unplaced } from './asked.ts'

let shadow: Asked
beforeAll(async () => {
  shadow = await askRecording('hyb-6f-nop-shadow')
})
afterAll(() => shadow.dispose())

describe('klplog diff', () => {
  test('a patch comes, with a nop over a hook', async () => {
    expect(unplaced(await shadow.print('diff +21 +25'))).toBe(
      lines(
        '--- @N +20.658463',
        '+++ @N +24.833106',
        'patches',
        '+ lp_stuck',
        'transition',
        '+ lp_stuck: patching transition, 39 tasks switched, 1 blocked',
        'functions',
        '+ lp_target:lp_target_busy: lp_stuck',
        '- vmlinux:__x64_sys_getpgrp: lp_hook > lp_nopbase',
        '+ vmlinux:__x64_sys_getpgrp: nop(lp_stuck) > lp_hook > lp_nopbase',
        '+ vmlinux:cmdline_proc_show: lp_stuck',
        'hooks',
        '~ ov on lp_hook:lp_hook_getpgrp: active -> shadowed, reached by all -> unswitched',
        'modules',
        '+ lp_stuck'
      )
    )
  })

  test('the transition completes, and the nop with it', async () => {
    const text = await shadow.print('diff +25..+32')
    expect(text).toContain('- lp_nopbase\n')
    expect(text).toContain(
      '~ lp_stuck: transition yes -> no, stackOrder 3 -> 2, without nop vmlinux:__x64_sys_getpgrp\n'
    )
    expect(text).toContain('~ ov on lp_hook:lp_hook_getpgrp: shadowed -> active')
  })

  test('A and B, A..B, and A with the last event', async () => {
    const [pair, dots] = [await shadow.print('diff +20 +25'), await shadow.print('diff +20..+25')]
    expect(dots).toBe(pair)
    expect(await shadow.print('diff +36.1')).toBe(await shadow.print('diff +36.1..'))
    expect(await shadow.print('diff +25 +20')).toContain('- lp_stuck\n')
  })

  test('nothing differs', async () => {
    expect(unplaced((await shadow.run('diff +25 +25.1')).stderr)).toBe('Nothing differs between @N and @N.\n')
    const same = JSON.parse((await shadow.run('diff +25 +25.1 -o json')).stdout) as Record<string, unknown>
    expect(same).toMatchObject({ patches: { added: [], removed: [], changed: [] }, transition: null })
  })

  test.each([
    ['diff', 'missing required argument'],
    ['diff +1 +2 +3', 'too many'],
    ['diff +1..+2 +3', 'too many'],
    ['diff ..+2', 'has no beginning'],
    ['diff +1 --bogus', "unknown option '--bogus'"],
    ['diff yesteryear', 'is no time'],
    // No option, but a moment, of a boot whose wall time is unknown.
    ['diff -2h now', 'needs the wall time']
  ])('%s is told why not', async (line, word) => {
    const { exitCode, stderr } = await shadow.run(line)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(word)
  })
})

describe('klplog blame', () => {
  test('three entries, three commands', async () => {
    expect(unplaced(await shadow.print('blame __x64_sys_getpgrp --at +25'))).toBe(
      lines(
        'FUNCTION                   #  ENTRY          EVENT  AT          TYPE            BY',
        'vmlinux:__x64_sys_getpgrp  1  nop(lp_stuck)  @N   +21.288243  object.patched  labctl:245, insmod lp_stuck',
        '                           2  lp_hook        @N    +18.900971  object.patched  labctl:213, insmod lp_hook',
        '                           3  lp_nopbase     @N     +17.340933  object.patched  labctl:199, insmod lp_nopbase'
      )
    )
  })

  test('not patched now, and never patched', async () => {
    expect(unplaced((await shadow.run('blame __x64_sys_getpgrp')).stderr)).toBe(
      '__x64_sys_getpgrp is not patched at @N, +40.021308.\n'
    )
    const { stdout, stderr } = await shadow.run('blame getpgrp -o json')
    expect(stdout).toBe('[]\n')
    expect(stderr).toContain('getpgrp was never patched or hooked')
  })
})
