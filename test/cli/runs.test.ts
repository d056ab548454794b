import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, askRecording, lines } from './asked.ts'

describe('klplog runs', () => {
  let shadow: Asked
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(() => shadow.dispose())

  test('what the hammering task ran while the nop came and went', async () => {
    expect(await shadow.print('runs --function __x64_sys_getpgrp --task 226 --since +20 --until +34')).toBe(
      lines(
        'FROM        TO                MS  CALLS RUN  HOOK',
        '+18.901728  +20.131478  1229.750  lp_hook    -',
        '+20.131478  +21.306880  1175.402  lp_hook    ov',
        '+21.306880  +30.849137  9542.257  original   -',
        '+30.849137  +33.608359  2759.222  lp_hook    ov',
        '+33.608359  +36.413127  2804.768  lp_hook    -'
      )
    )
  })

  test('both sides of a transition where no task is asked for', async () => {
    expect(await shadow.print('runs --function vmlinux:__x64_sys_getpgrp --at +25')).toBe(
      lines(
        'FROM        TO                MS  TASKS       CALLS RUN  HOOK',
        '+21.288243  +30.849137  9560.894  unswitched  lp_hook    ov',
        '+21.306633  +30.849137  9542.504  switched    original   -'
      )
    )
  })

  test('says of which rows it is not sure', async () => {
    const text = await shadow.print('runs --function __x64_sys_getpgrp --task 226 --until +19')
    expect(text).toMatch(/lp_nopbase +- +no event shows when the task switched$/m)
    expect(text).toMatch(/original +- +-$/m)
  })

  test('a function that was never patched may be misspelt', async () => {
    const { exitCode, stdout, stderr } = await shadow.run('runs --function getpgrp -o json')
    expect([exitCode, stdout]).toEqual([0, '[]\n'])
    expect(stderr).toBe(
      'getpgrp was never patched or hooked in hyb-6f-nop-shadow/0. These were: lp_target:lp_target_busy, vmlinux:__x64_sys_getpgrp, vmlinux:cmdline_proc_show.\n'
    )
  })

  test.each([
    ['runs', 'function'],
    ['runs --function f --task x', 'number of a thread']
  ])('%s is told what is missing', async (line, word) => {
    const { exitCode, stderr } = await shadow.run(line)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(word)
  })
})
