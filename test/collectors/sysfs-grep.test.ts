import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sysfsGrep } from '../../src/collectors/formats/sysfs-grep.ts'
import { accountsForEveryLine, observationsIn, readLines, readOne, reasonsIn } from './evidence-lines.ts'

const hook = [
  '/sys/kernel/livepatch/lp_hook/enabled:1',
  '/sys/kernel/livepatch/lp_hook/transition:0',
  '/sys/kernel/livepatch/lp_hook/replace:0',
  '/sys/kernel/livepatch/lp_hook/replaceable:0',
  '/sys/kernel/livepatch/lp_hook/stack_order:1',
  '/sys/kernel/livepatch/lp_hook/vmlinux/patched:1'
]

const hookDirectories = [
  '/sys/kernel/livepatch',
  '/sys/kernel/livepatch/lp_hook',
  '/sys/kernel/livepatch/lp_hook/enabled',
  '/sys/kernel/livepatch/lp_hook/force',
  '/sys/kernel/livepatch/lp_hook/vmlinux',
  '/sys/kernel/livepatch/lp_hook/vmlinux/__x64_sys_getpgrp,1',
  '/sys/kernel/livepatch/lp_hook/vmlinux/patched'
]

const lpHook = {
  name: 'lp_hook',
  enabled: true,
  transition: false,
  replace: false,
  replaceable: false,
  replaceSet: null,
  stackOrder: 1,
  objects: [{ name: 'vmlinux', patched: true, functions: [] as { name: string; sympos: number }[] }]
}

const snapshotOf = (...patches: object[]) => ({
  kind: 'snapshot',
  fromNs: 0n,
  label: null,
  patches,
  modules: null,
  kprobes: null,
  programs: null,
  links: null
})

describe('a dump by grep -r', () => {
  test('is one timeless snapshot: grep prints no time', () => {
    expect(readLines(sysfsGrep, hook)).toEqual([
      { line: 1, lines: 6, raw: hook.join('\n'), outcome: 'timeless', observations: [snapshotOf(lpHook)] }
    ])
  })

  test('has the time that stands above it, in ns or as uptime', () => {
    expect(readLines(sysfsGrep, ['# t=8093019123', ...hook])).toMatchObject([
      { line: 1, lines: 7, outcome: 'observed', clock: 'monotonic', timeNs: 8_093_019_123n }
    ])
    expect(readLines(sysfsGrep, ['# uptime=8.093', ...hook])).toMatchObject([{ timeNs: 8_093_000_000n }])
    expect(readLines(sysfsGrep, ['# uptime=8', ...hook])).toMatchObject([{ timeNs: 8_000_000_000n }])
  })

  test('of an idle machine is its time alone, and states that no patch is there', () => {
    expect(readLines(sysfsGrep, ['# t=5'])).toMatchObject([
      { timeNs: 5n, observations: [{ ...snapshotOf(), fromNs: 5n }] }
    ])
    expect(readLines(sysfsGrep, [])).toEqual([])
  })

  test('with several times is several snapshots', () => {
    const readings = readLines(sysfsGrep, ['# t=1', ...hook, '# t=2', '/sys/kernel/livepatch/lp_a/enabled:0'])
    expect(readings).toMatchObject([
      { timeNs: 1n, lines: 7 },
      { line: 8, lines: 2, outcome: 'rejected' }
    ])
  })

  test('is the same snapshot in whatever order the kernel lists the files', () => {
    const a = hook.map((line) => line.replace('lp_hook', 'lp_a'))
    fc.assert(
      fc.property(fc.shuffledSubarray([...hook, ...a], { minLength: 12 }), (lines) => {
        expect(observationsIn(readLines(sysfsGrep, lines))).toEqual([
          snapshotOf({ ...lpHook, name: 'lp_a' }, lpHook)
        ])
      })
    )
  })

  test('says null for the files that older kernels lack', () => {
    const old = ['/sys/kernel/livepatch/lp_x/enabled:1', '/sys/kernel/livepatch/lp_x/transition:1']
    expect(observationsIn(readLines(sysfsGrep, old))).toMatchObject([
      { patches: [{ transition: true, replace: null, replaceable: null, stackOrder: null, objects: [] }] }
    ])
  })

  test('reads replace_set, which a later kernel has instead of replace', () => {
    const lines = [...hook.slice(0, 2), '/sys/kernel/livepatch/lp_hook/replace_set:7']
    expect(observationsIn(readLines(sysfsGrep, lines))).toMatchObject([{ patches: [{ replaceSet: 7 }] }])
  })

  test('may come out of a support archive', () => {
    const copied = hook.map((line) => `sosreport-host${line}`)
    expect(observationsIn(readLines(sysfsGrep, copied))).toEqual([snapshotOf(lpHook)])
  })
})

describe('traps', () => {
  test('functions are empty directories: only find shows them', () => {
    const readings = readLines(sysfsGrep, [...hook, ...hookDirectories])
    const functions = [{ name: '__x64_sys_getpgrp', sympos: 1 }]
    expect(observationsIn(readings)).toEqual([
      snapshotOf({ ...lpHook, objects: [{ name: 'vmlinux', patched: true, functions }] })
    ])
    expect(readings.map(({ outcome }) => outcome)).toEqual(['unrelated', 'timeless'])
  })

  test('find alone knows no values, and no value is no 0', () => {
    expect(reasonsIn(readLines(sysfsGrep, hookDirectories))).toEqual([
      "patch 'lp_hook': no value of enabled and transition: it went while it was read"
    ])
  })

  test('a function name may hold dots and commas, and its place is behind the last comma', () => {
    const lines = [...hook, '/sys/kernel/livepatch/lp_hook/ext4/do_it.isra.0,a,12/']
    expect(observationsIn(readLines(sysfsGrep, lines))).toMatchObject([
      { patches: [{ objects: [{ name: 'ext4', functions: [{ name: 'do_it.isra.0,a', sympos: 12 }] }, {}] }] }
    ])
  })

  test("grep's complaint about the write-only force is unrelated, and so is a file to come", () => {
    const lines = [
      'grep: /sys/kernel/livepatch/lp_hook/force: Permission denied',
      '/sys/kernel/livepatch/lp_hook/colour:blue',
      '/sys/kernel/livepatch/lp_hook/vmlinux/f,1/hits:3',
      '# by hand'
    ]
    for (const line of lines) expect(readOne(sysfsGrep, line).outcome).toBe('unrelated')
  })

  test('two dumps without times contradict each other, and repeat each other in the rest', () => {
    const second = hook.map((line) => line.replace('enabled:1', 'enabled:0'))
    const readings = readLines(sysfsGrep, [...hook, ...second])
    expect(reasonsIn(readings)).toEqual([
      "'lp_hook/enabled' was 1 further up: a second dump needs a line `# t=<ns>` before it"
    ])
    expect(observationsIn(readings)).toEqual([snapshotOf(lpHook)])
  })

  test('values that no kernel prints and foreign lines are rejected', () => {
    expect(reasonsIn(readLines(sysfsGrep, ['/sys/kernel/livepatch/lp_hook/enabled:yes']))).toEqual([
      "'enabled' is 0 or 1, not 'yes'"
    ])
    expect(reasonsIn(readLines(sysfsGrep, ['/sys/kernel/livepatch/lp_hook/stack_order:-1']))).toEqual([
      "'stack_order' is a number, not '-1'"
    ])
    expect(reasonsIn(readLines(sysfsGrep, ['/proc/modules:lp_hook 12288 1']))).toEqual([
      'not a path below /sys/kernel/livepatch'
    ])
  })

  test('a line that was not UTF-8 makes the whole dump one of bytes', () => {
    const reader = sysfsGrep.open()
    const lines = ['/sys/kernel/livepatch/lp_é/enabled:1', '/sys/kernel/livepatch/lp_\xff/enabled:1']
    expect(reader.push(lines[0] ?? '', 1)).toEqual([])
    expect(reader.push(lines[1] ?? '', 2, true)).toEqual([])
    expect(reader.end()).toMatchObject([
      { latin1: true, raw: `${lines[0]?.replace('é', 'Ã©')}\n${lines[1]}` }
    ])
  })
})

test('is recognised by its paths, not by its time alone', () => {
  expect(sysfsGrep.recognise(['# t=1', ...hook], 'dump.txt')).toBe(1)
  expect(sysfsGrep.recognise(['# t=1'], 'a/livepatch.txt')).toBe(0.5)
  expect(sysfsGrep.recognise(['# t=1'], 'x.txt')).toBe(0)
  expect(sysfsGrep.recognise(['[    8.086995] livepatch: enabling patch'], 'dmesg.txt')).toBe(0)
})

accountsForEveryLine(sysfsGrep, ['# t=1', ...hook, ...hookDirectories, '# uptime=2.5'])
