import { describe, expect, test } from 'vitest'
import { dmesg, dmesgWall } from '../../src/collectors/formats/dmesg.ts'
import type { EvidenceFormat } from '../../src/collectors/observation.ts'
import {
  accountsForEveryLine,
  fromRecordings,
  haveRecordings,
  observationsIn,
  readLines,
  readOne,
  reasonsIn,
  recordedFiles
} from './evidence-lines.ts'
import { survivesHugeLines } from './huge-lines.ts'

const enabling = "[    8.086995] livepatch: enabling patch 'lp_hook'"
const enablingWall = "[Mon Nov 23 14:02:38 2026] livepatch: enabling patch 'lp_hook'"

function messageOf(format: EvidenceFormat, line: string): string | null {
  const [first] = observationsIn([readOne(format, line)])
  return first?.kind === 'printk' ? first.message : null
}

describe('dmesg', () => {
  test("a line in the kernel log's own clock, with its prefix", () => {
    expect(readOne(dmesg, enabling)).toEqual({
      line: 1,
      lines: 1,
      raw: enabling,
      outcome: 'observed',
      timeNs: 8_086_995_000n,
      clock: 'printk',
      observations: [{ kind: 'printk', message: "livepatch: enabling patch 'lp_hook'" }]
    })
  })

  test.each([
    ['[    8.086995][  T123] livepatch: x'],
    ['[    8.086995] [  T123] livepatch: x'],
    ['[    8.086995][    T1] livepatch: x'],
    ['[    8.086995][    C1] livepatch: x'],
    ['<5>[    8.086995] livepatch: x'],
    ['<5>[    8.086995][  T123] livepatch: x'],
    ['kern  :notice: [    8.086995] livepatch: x'],
    ['[    8.086995 <    0.000123>] livepatch: x'],
    ['[8.086995] livepatch: x']
  ])('%s', (line) => {
    expect(messageOf(dmesg, line)).toBe('livepatch: x')
    expect(readOne(dmesg, line)).toMatchObject({ timeNs: 8_086_995_000n })
  })

  test('only what stands where the caller stands is the caller', () => {
    expect(messageOf(dmesg, '[    8.086995] [drm] patched')).toBe('[drm] patched')
  })

  test('the kernel that booted', () => {
    expect(
      readOne(dmesg, '[    0.000000] Linux version 6.12.117-lab (root@vm) (gcc …) #2 SMP')
    ).toMatchObject({
      outcome: 'unrelated',
      about: { release: '6.12.117-lab' }
    })
  })

  test.each([
    ["livepatch: 'lp_hook': starting patching transition"],
    ['livepatch: klp_try_switch_task: labctl:96 is sleeping on function lp_target_busy'],
    ['lp_hook: tainting kernel with TAINT_LIVEPATCH'],
    ['lp_target: loading out-of-tree module taints kernel.'],
    ['lp_plain: pre_patch vmlinux ret=0'],
    ['test_klp_callbacks_demo: post_unpatch_callback: vmlinux'],
    ['test_klp_callbacks_mod: refusing to load'],
    ['CPU: 0 PID: 1 Comm: x Tainted: G           OE K']
  ])('may matter: %s', (message) => {
    expect(messageOf(dmesg, `[    1.000000] ${message}`)).toBe(message)
  })

  test.each([
    ['usb 1-1: new high-speed USB device number 2'],
    ['ACPI: dispatch of method failed'],
    ['Kernel command line: dyndbg="file kernel/livepatch/* +p" lab.kernel=hybrid'],
    ['']
  ])('does not: %s', (message) => {
    expect(readOne(dmesg, `[    1.000000] ${message}`)).toMatchObject({ outcome: 'unrelated' })
  })

  test('user space cannot speak for the kernel where the line tells who speaks', () => {
    expect(readOne(dmesg, '<13>[    8.086995] livepatch: x').outcome).toBe('unrelated')
    expect(readOne(dmesg, 'user  :notice: [    8.086995] livepatch: x').outcome).toBe('unrelated')
  })

  test('the rest of a message with line feeds is unrelated, a line without its time is refused', () => {
    expect(readOne(dmesg, '               second line of a message').outcome).toBe('unrelated')
    for (const cut of [
      "livepatch: enabling patch 'lp_hook'",
      "  8.086995] livepatch: enabling patch 'x'",
      enablingWall
    ]) {
      expect(reasonsIn([readOne(dmesg, cut)])[0]).toContain('[seconds.microseconds] message')
    }
  })
})

describe('dmesg -T', () => {
  const at = BigInt(Date.UTC(2026, 10, 23, 14, 2, 38)) * 1_000_000n

  test('whole seconds of wall time, read as UTC', () => {
    expect(readOne(dmesgWall, enablingWall)).toMatchObject({
      timeNs: at,
      clock: 'realtime',
      observations: [{ kind: 'printk', message: "livepatch: enabling patch 'lp_hook'" }]
    })
    expect(readOne(dmesgWall, '[Tue Dec  1 00:00:00 2026] livepatch: x')).toMatchObject({
      timeNs: BigInt(Date.UTC(2026, 11, 1)) * 1_000_000n
    })
  })

  test('the iso format has microseconds and its zone', () => {
    for (const iso of [
      '2026-11-23T14:02:38,086995+00:00',
      '2026-11-23T15:02:38,086995+01:00',
      '2026-11-23T14:02:38.086995Z',
      '2026-11-23T09:32:38,086995-04:30'
    ]) {
      expect(readOne(dmesgWall, `${iso} livepatch: x`)).toMatchObject({ timeNs: at + 86_995_000n })
    }
  })

  test('a day that no calendar has is refused', () => {
    for (const line of [
      '[Mon Feb 30 14:02:38 2026] livepatch: x',
      '[Mon Foo 23 14:02:38 2026] livepatch: x',
      '[Mon Nov 23 25:02:38 2026] livepatch: x'
    ]) {
      expect(reasonsIn([readOne(dmesgWall, line)])[0]).toContain('no date')
    }
    expect(reasonsIn([readOne(dmesgWall, enabling)])).toHaveLength(1)
  })
})

describe('recognise', () => {
  test('which of the two clocks', () => {
    expect(dmesg.recognise([enabling], 'dmesg.txt')).toBeGreaterThan(0.9)
    expect(dmesg.recognise([enablingWall], 'dmesg.txt')).toBe(0)
    expect(dmesgWall.recognise([enablingWall], 'dmesg.txt')).toBeGreaterThan(0.9)
    expect(dmesgWall.recognise([enabling], 'dmesg.txt')).toBe(0)
  })
})

const recorded = recordedFiles(/^dmesg\.txt$/)

describe.skipIf(!haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path: every line is understood', ({ path, lines }) => {
    const readings = readLines(dmesg, lines)
    expect(reasonsIn(readings)).toEqual([])
    const messages = observationsIn(readings).map((one) => (one.kind === 'printk' ? one.message : ''))
    const speak = lines.filter((line) => /\] (livepatch: |lp_\w+: .*(patch|taint))/.test(line))
    expect(messages).toEqual(speak.map((line) => line.replace(/^\[ *\d+\.\d+\] /, '')))
    const releases = readings
      .flatMap((one) => (one.outcome === 'unrelated' ? [one.about?.release ?? []] : []))
      .flat()
    expect(releases).toEqual([
      path.startsWith('deb-') ? '6.12.117+deb12-cloud-amd64' : expect.stringMatching(/^6\.12\.117-lab/)
    ])
    expect(dmesg.recognise(lines.slice(0, 50), 'dmesg.txt')).toBeGreaterThan(0.9)
  })
})

describe('whatever the lines hold', () => {
  const good = [
    enabling,
    '<5>[    8.086995][  T123] livepatch: x',
    enablingWall,
    '2026-11-23T14:02:38,086995+00:00 x'
  ]
  for (const format of [dmesg, dmesgWall]) {
    accountsForEveryLine(format, good)
    survivesHugeLines(format, enabling)
  }
})
