import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, askRecording, lines } from './asked.ts'

describe('klplog debug', () => {
  let shadow: Asked
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(() => shadow.dispose())

  const batch = async (...commands: readonly string[]) => {
    const { exitCode, stdout, stderr } = await shadow.run('debug --batch --at boot', {
      stdin: lines(...commands)
    })
    expect([exitCode, stderr]).toEqual([0, ''])
    return stdout
  }

  test('the nop over a hook is found and understood in three commands', async () => {
    const [found, why] = [
      await batch('break hook ov shadowed', 'continue'),
      await batch('break hook ov shadowed', 'continue', 'why ov')
    ]
    expect(found).toContain('Breakpoint 1, hook ov shadowed: active -> shadowed, reached by unswitched tasks')
    expect(found).toContain(
      '  ~ vmlinux:__x64_sys_getpgrp: lp_hook > lp_nopbase -> nop(lp_stuck) > lp_hook > lp_nopbase'
    )
    const chain = why.slice(found.length)
    expect(chain.match(/^@\d+ .*$/gm)?.map((line) => line.split(/\s+/)[2])).toEqual([
      'hook.attached',
      'patch.enabled',
      'object.patched'
    ])
    expect(chain).toContain('(by labctl:245, insmod lp_stuck)')
    expect(chain).toContain('a nop of lp_stuck lies over lp_hook: calls run the original function')
  })

  test('a watchpoint tells, walking back, where a value last changed', async () => {
    const said = await batch('goto end', 'watch function __x64_sys_getpgrp', 'rc', 'rc', 'rc')
    expect(
      said
        .match(/^Watchpoint 1, .*\n@\d+ .*$/gm)
        ?.map((text) =>
          text.split(/\s{2,}|: |\n@\d+\s+/).filter((part) => /->|\./.test(part) && !part.startsWith('+'))
        )
    ).toEqual([
      ['original (switched), lp_hook (others) -> original', 'object.unpatched'],
      ['lp_hook -> original (switched), lp_hook (others)', 'patch.disabled'],
      ['original (switched), lp_hook (others) -> lp_hook', 'nop.discarded']
    ])
  })

  test('conditions and print speak JSONata on the JSON of the state', async () => {
    const said = await batch(
      'break if transition.patch = "lp_stuck" and transition.switched > 5',
      'continue',
      'print transition.switched',
      'print hooks[reach="unswitched"].program'
    )
    expect(said).toContain('it is true from here on')
    expect(said.trimEnd().split('\n').slice(-2)).toEqual(['6', '"ov"'])
  })

  test('diff compares with where the last move came from, either way', async () => {
    const there = await batch('goto +21', 'goto +25', 'diff')
    const back = await batch('goto +25', 'goto +21', 'diff')
    const [onlyThere, onlyBack] = [there, back].map((text) => text.slice(text.indexOf('---')))
    expect(onlyBack).toBe(onlyThere)
    expect(onlyThere).toContain('~ ov on lp_hook:lp_hook_getpgrp: active -> shadowed')
  })

  test('info shows what the questions show', async () => {
    const stack = await shadow.print('stack --at +25')
    const said = await batch('goto +25', 'info stack')
    expect(said.endsWith(stack)).toBe(true)
    expect(await batch('goto +25', 'info tasks')).toContain(
      'is sleeping on function lp_target_busy since +21.306979'
    )
    expect(await batch('goto +25', 'info tr')).toContain('lp_stuck: patching transition since +21.263937')
    expect(await batch('info breakpoints')).toBe('No breakpoints or watchpoints.\n')
  })

  test('list goes on where it ended, and marks the event here', async () => {
    const said = await batch('goto @107', 'list 4', 'list 4')
    const shown = said.split('\n').filter((line) => /^(=>| {2}) +@/.test(line))
    expect(shown.map((line) => /@(\d+)/.exec(line)?.[1])).toEqual([
      '106',
      '107',
      '108',
      '109',
      '110',
      '111',
      '112',
      '113'
    ])
    expect(shown[1]?.startsWith('=>')).toBe(true)
  })

  test('commands come from a file too, and the first that fails ends a batch', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'klplog-debug-'))
    const file = join(directory, 'commands')
    writeFileSync(file, '# find the nop\ngoto @107\n\nprint patches.name\nfrobnicate\nprint "never"\n')
    const { exitCode, stdout, stderr } = await shadow.run(`debug --batch -x ${file}`)
    rmSync(directory, { recursive: true })
    expect(exitCode).toBe(2)
    expect(stdout).toContain('lp_stuck')
    expect(stdout).not.toContain('never')
    expect(stderr).toContain('there is no command "frobnicate"')
  })

  test.each([
    ['reverse', '"reverse" may be reverse-step, reverse-continue'],
    ['break', 'break needs to know what to stop at'],
    ['break frob', 'there is no event type "frob"'],
    ['break hook ov asleep', '"asleep" is no status of a hook'],
    ['break invariant Q1', 'there is no invariant "Q1"'],
    ['break if (', 'is no expression'],
    ['why nobody', '"nobody" is not attached here'],
    ['goto someday', '"someday" is no time'],
    ['step -1', '"-1" is no number of events'],
    ['delete 7', 'there is no breakpoint or watchpoint 7'],
    ['info frob', 'there is no info "frob"']
  ])('%s', async (command, said) => {
    const { exitCode, stderr } = await shadow.run('debug --batch --at boot', {
      stdin: lines(command)
    })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(said)
  })

  test('a person goes on after a mistake', async () => {
    const { exitCode, stdout, stderr } = await shadow.run('debug --at boot', {
      stdin: lines('frob', 'step', 'quit', 'step')
    })
    expect(exitCode).toBe(0)
    expect(stderr).toContain('there is no command "frob"')
    expect(stdout.match(/^@\d+/gm)).toEqual(['@1', '@2'])
  })

  test('a beginning of a word is enough, and every command of the help is one that it knows', async () => {
    expect(await batch('st')).toMatch(/^@2 /)
    const names = (await batch('help')).match(/^[a-z-]+/gm) ?? []
    expect(names.length).toBeGreaterThan(12)
    for (const name of names) expect(await batch(`help ${name}`)).toContain(name)
  })
})

describe('a fork of the history', () => {
  let shadow: Asked
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(() => shadow.dispose())

  const batch = async (...commands: readonly string[]) => {
    const { exitCode, stdout, stderr } = await shadow.run('debug --batch --at @104', {
      stdin: lines(...commands)
    })
    expect([exitCode, stderr]).toEqual([0, ''])
    return stdout
  }

  test('without the load of lp_stuck the hook is reached until it is detached', async () => {
    const said = await batch('skip', 'break hook ov', 'c', 'c')
    expect(said).toContain('fork-1 leaves the recorded history behind @104, without insmod lp_stuck')
    expect(said.match(/^Breakpoint 1, .*$/gm)).toEqual(['Breakpoint 1, hook ov: active -> not attached'])
    expect(said).toContain('The history ends here.')
  })

  test('reversed at once, the transition of lp_stuck gives the hook back when it completes', async () => {
    const said = await batch('goto @108', 'inject disable: lp_stuck', 'break hook ov active', 'c')
    expect(said).toMatch(
      /Breakpoint 1, .*: shadowed, reached by switched tasks -> active\n.* object\.unpatched/
    )
  })

  test('a refused deed says its errno, a step that is none what is wrong with it', async () => {
    expect(await batch('inject disable: lp_stuck')).toContain('refused with ENOENT (2)')
    const { exitCode, stderr } = await shadow.run('debug --batch --at @104', {
      stdin: 'inject frob: lp_stuck\n'
    })
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('it says nothing that is done: give one of insmod')
    ])
  })

  test('a fault happens, and what it breaks stops the walk', async () => {
    const said = await batch('goto @108', 'inject force', 'break invariant F2', 'c')
    expect(said).toContain('fork-1 leaves the recorded history behind @108, with force')
    expect(said).toMatch(
      /Breakpoint 1, invariant F2: F2: lp_hook is pinned for ever by the force of lp_stuck/
    )
    const { exitCode, stderr } = await shadow.run('debug --batch --at boot', { stdin: 'inject force\n' })
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('force does not apply here')])
  })

  test('another policy decides from there on, and branch leads back', async () => {
    const said = await batch('policy replace-set', 'goto end', 'info stack', 'branch', 'branch recorded')
    expect(said).toContain('replace-set policy')
    expect(said).toMatch(/^ {2}recorded: 311 events\n\* fork-1: \d+ events, from @104$/m)
    expect(said.trimEnd().split('\n').at(-2)).toMatch(/^@104 /)
  })
})
