import { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { enabled, type HandMade, patched, STREAM } from '../projections/hand-made.ts'
import { type Asked, askHistory, askRecording, lines, unplaced } from './asked.ts'

interface Row {
  readonly position: number
  readonly type: string
  readonly uptimeNs: string
  readonly data: Record<string, unknown>
}

let shadow: Asked
let embed: Asked
beforeAll(async () => {
  shadow = await askRecording('hyb-6f-nop-shadow')
  embed = await askRecording('up-4a-embed-kprobe')
})
afterAll(() => Promise.all([shadow.dispose(), embed.dispose()]))

async function rows(asked: Asked, line: string): Promise<Row[]> {
  return JSON.parse((await asked.run(`log ${line} -o json`)).stdout) as Row[]
}

const typesOf = (found: readonly Row[]) => [...new Set(found.map(({ type }) => type))].sort()

describe('klplog log', () => {
  test('events as git log shows commits', async () => {
    expect(unplaced(await shadow.print('log --type patch,hook.detached --since +33.6 --until +34.9'))).toBe(
      lines(
        '@N  +33.608359  hook.detached',
        '    ov is detached',
        '    by labctl:229, detach ov (SIGTERM to its loader)',
        '@N  +34.859013  patch.disabled',
        "    disabling patch 'lp_stuck'",
        '    by labctl:297, disable lp_stuck',
        '@N  +34.896629  patch.unpatched',
        "    'lp_stuck' left the function stacks (disabled): cmdline_proc_show, lp_target_busy"
      )
    )
  })

  test('one line each, in columns', async () => {
    expect(
      unplaced(await shadow.print('log --oneline --type patch.enabled,transition.completed --until +20'))
    ).toBe(
      lines(
        "  @N  +17.320959  patch.enabled         enabling patch 'lp_nopbase': patches vmlinux:__x64_sys_getpgrp; replaceable (by labctl:199, insmod lp_nopbase)",
        " @N  +17.352529  transition.completed  'lp_nopbase': patching complete",
        " @N  +18.900725  patch.enabled         enabling patch 'lp_hook': patches vmlinux:__x64_sys_getpgrp; not replaceable (by labctl:213, insmod lp_hook)",
        " @N  +18.901728  transition.completed  'lp_hook': patching complete"
      )
    )
  })

  test('the newest, in either order', async () => {
    const all = await rows(shadow, '--type transition')
    expect(await rows(shadow, '--type transition -n 3')).toEqual(all.slice(-3))
    expect(await rows(shadow, '--type transition -n 3 -r')).toEqual(all.slice(-3).reverse())
    expect(await rows(shadow, '--type transition -r')).toEqual([...all].reverse())
    expect((await shadow.run('log -n 0 -o json')).stdout).toBe('[]\n')
  })

  test('types by name, by group, and all but some', async () => {
    expect(typesOf(await rows(shadow, '--type hook. --type patch.freed'))).toEqual([
      'hook.attached',
      'hook.counted',
      'hook.detached',
      'patch.freed'
    ])
    expect(typesOf(await rows(shadow, '--type hook --without hook.counted'))).toEqual([
      'hook.attached',
      'hook.detached'
    ])
    const { exitCode, stderr } = await shadow.run('log --type hooks')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('there is no event type "hooks"')
  })

  test('a patch: its own life, its module, its hooks, its commands', async () => {
    const found = await rows(shadow, '--patch lp_hook --without task')
    expect(typesOf(found)).toEqual(
      expect.arrayContaining(['patch.enabled', 'module.loaded', 'hook.attached', 'command.ran'])
    )
    expect(found.every(({ data }) => JSON.stringify(data).includes('lp_hook'))).toBe(true)
    const replaced = await rows(shadow, '--patch lp_nopbase --type patch.replaced')
    expect(replaced.map(({ data }) => data)).toEqual([{ patch: 'lp_nopbase', by: 'lp_stuck' }])
  })

  test('a function by name, by object, by the name of its replacement', async () => {
    const enables = async (name: string) =>
      (await rows(shadow, `--type patch.enabled --function ${name}`)).map(({ data }) => data.patch)
    expect(await enables('__x64_sys_getpgrp')).toEqual(['lp_nopbase', 'lp_hook'])
    expect(await enables('lp_target:lp_target_busy,1')).toEqual(['lp_stuck'])
    expect(await enables('vmlinux:lp_target_busy')).toEqual([])
    expect(await enables('lp_hook:lp_hook_getpgrp')).toEqual(['lp_hook'])
  })

  test('filters of one kind are alternatives, those of several must all fit', async () => {
    const either = await rows(shadow, '--type patch.enabled --patch lp_hook --patch lp_stuck')
    expect(either.map(({ data }) => data.patch)).toEqual(['lp_hook', 'lp_stuck'])
    const both = await rows(shadow, '--type patch.enabled --patch lp_hook --function cmdline_proc_show')
    expect(both).toEqual([])
  })

  test('a hook, with the death of its own probe and of no later one at the address', async () => {
    const found = await rows(embed, '--hook ov1 --type hook.attached,hook.killed,hook.detached')
    expect(found.map(({ type, uptimeNs }) => [type, uptimeNs])).toEqual([
      ['hook.attached', '13712461000'],
      ['hook.killed', '20266918000'],
      ['hook.detached', '22728608000']
    ])
  })

  test('a task: what happened to it and what it did', async () => {
    const found = await rows(shadow, '--task 242')
    expect(typesOf(found)).toEqual(['task.blocked', 'task.switched'])
    expect(found.every(({ data }) => data.pid === 242)).toBe(true)
  })

  test('a module that is no patch', async () => {
    const found = await rows(shadow, '--module lp_target --type module,object.patched')
    expect(typesOf(found)).toEqual(['module.going', 'module.loaded', 'module.unloaded', 'object.patched'])
  })

  test('nothing fits', async () => {
    expect(await shadow.run('log --patch lp_none')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'No event of hyb-6f-nop-shadow/0 fits.\n'
    })
    expect((await shadow.run('log --patch lp_none -o json')).stdout).toBe('[]\n')
  })

  test('control characters of evidence do not reach the terminal', async () => {
    const asked = await askHistory([[5, 'setting.changed', { name: 'x\u001b[31m', value: 'a\nb' }]])
    expect(await asked.print('log --oneline')).toContain('x\\x1b[31m is set to a\\x0ab')
    await asked.dispose()
  })

  test.each(['log -f -o json', 'log -f -r', 'log -f --until +20', 'log -n x'])(
    '%s is refused',
    async (line) => {
      expect((await shadow.run(line)).exitCode).toBe(2)
    }
  )
})

/** Follows a log; calls `onText` with all that was printed so far, and with what a Ctrl-C would call. */
async function follow(asked: Asked, line: string, onText: (text: string, press: () => void) => void) {
  let text = ''
  let press = () => {}
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString()
      done()
      onText(text, press)
    }
  })
  const exitCode = await run(line.split(' '), {
    stdin: Readable.from([]),
    stdout,
    stderr: stdout,
    env: { KLPLOG_DB: (asked.log as unknown as { path: string }).path, HOME: '/nonexistent' },
    now: () => 0n,
    onInterrupt: (listener) => {
      press = listener
      onText(text, press)
      return () => {}
    }
  })
  return { exitCode, text }
}

describe('klplog log --follow', () => {
  const first: HandMade[] = [enabled(10, 'lp_a', ['f']), ...patched(11, 'lp_a')]

  function switched(n: number, patch: string) {
    return {
      type: 'patch.freed' as const,
      data: { patch },
      id: n.toString(16).padStart(32, '0'),
      uptimeNs: BigInt(n) * 1_000_000_000n,
      wallNs: null,
      evidence: { source: 'by hand', line: n, raw: '' }
    }
  }

  test('goes on with what another connection appends, until Ctrl-C', async () => {
    const asked = await askHistory(first)
    let appended = false
    const { exitCode, text } = await follow(asked, 'log -f --oneline --patch lp_a', (said, press) => {
      if (said.includes("'lp_a' is freed")) press()
      if (appended) return
      appended = true
      void asked.log.append(STREAM, 'any', [switched(77, 'lp_b'), switched(78, 'lp_a')])
    })
    await asked.dispose()
    expect(exitCode).toBe(130)
    expect(text).toContain("enabling patch 'lp_a'")
    expect(text).not.toContain('lp_b')
    expect(text.split('\n').filter((line) => line.includes('is freed'))).toHaveLength(1)
  })

  test('begins with the newest as many as asked for', async () => {
    const asked = await askHistory(first)
    const { text } = await follow(asked, 'log -f -n 1 -o jsonl', (said, press) => {
      if (said.includes('transition.completed')) press()
    })
    await asked.dispose()
    const found = text.trim().split('\n')
    expect(found).toHaveLength(1)
    expect(JSON.parse(found[0] ?? '')).toMatchObject({ position: 4, type: 'transition.completed' })
  })
})
