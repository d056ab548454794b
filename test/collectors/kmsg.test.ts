import { describe, expect, test } from 'vitest'
import { kmsg } from '../../src/collectors/formats/kmsg.ts'
import { accountsForEveryLine, observationsIn, readLines, readOne, reasonsIn } from './evidence-lines.ts'
import { survivesHugeLines } from './huge-lines.ts'

const enabling = "5,412,8086995,-;livepatch: enabling patch 'lp_hook'"

describe('/dev/kmsg', () => {
  test('a record: microseconds of the kernel log, and the message', () => {
    expect(readOne(kmsg, enabling)).toEqual({
      line: 1,
      lines: 1,
      raw: enabling,
      outcome: 'observed',
      timeNs: 8_086_995_000n,
      clock: 'printk',
      observations: [{ kind: 'printk', message: "livepatch: enabling patch 'lp_hook'" }]
    })
  })

  test('the fields behind a record belong to it', () => {
    const lines = [
      '6,340,690716,-,caller=T1;pci 0000:00:01.0: patched',
      ' SUBSYSTEM=pci',
      ' DEVICE=+pci:0000:00:01.0'
    ]
    expect(readOne(kmsg, ...lines)).toMatchObject({ line: 1, lines: 3, raw: lines.join('\n') })
    const readings = readLines(kmsg, [...lines, '6,341,690717,-;livepatch: x'])
    expect(readings.map(({ line, lines: count }) => [line, count])).toEqual([
      [1, 3],
      [4, 1]
    ])
  })

  test('escapes are bytes: UTF-8 where they are, one character each where they are not', () => {
    const message = (text: string) => observationsIn([readOne(kmsg, `6,1,1,-;${text}`)])[0]
    expect(message(String.raw`livepatch: \xc3\xa9\x0a\x5c`)).toMatchObject({ message: 'livepatch: é\n\\' })
    expect(message(String.raw`livepatch: \xe9`)).toMatchObject({ message: 'livepatch: é' })
    expect(message(String.raw`livepatch: \x5cx41`)).toMatchObject({ message: String.raw`livepatch: \x41` })
  })

  test('a gap in the sequence numbers is lost records, even when the next line is of no interest', () => {
    const readings = readLines(kmsg, [
      enabling,
      '6,420,9000000,-;usb 1-1: new device',
      '5,421,9000001,-;livepatch: x'
    ])
    expect(readings).toMatchObject([
      { timeNs: 8_086_995_000n },
      { timeNs: 9_000_000_000n, observations: [{ kind: 'lost', count: 7 }] },
      { timeNs: 9_000_001_000n, observations: [{ kind: 'printk' }] }
    ])
  })

  test('the file may begin anywhere, and be read twice', () => {
    expect(observationsIn(readLines(kmsg, [enabling, enabling, '5,3,1,-;livepatch: x']))).toMatchObject([
      { kind: 'printk' },
      { kind: 'printk' },
      { kind: 'printk' }
    ])
  })

  test("user space's lines are not the kernel's", () => {
    expect(readOne(kmsg, '12,7,1,-;livepatch: enabling patch').outcome).toBe('unrelated')
  })

  test('the kernel that booted', () => {
    expect(readOne(kmsg, '5,0,0,-;Linux version 6.12.117-lab (root@vm)')).toMatchObject({
      about: { release: '6.12.117-lab' }
    })
  })

  test('what is no record is refused', () => {
    for (const line of ['livepatch: x', ' SUBSYSTEM=pci', '6,1;x', '[    8.086995] livepatch: x']) {
      expect(reasonsIn([readOne(kmsg, line)])[0]).toContain('priority,sequence,microseconds')
    }
    expect(readOne(kmsg, '').outcome).toBe('unrelated')
  })

  test('is recognised', () => {
    expect(kmsg.recognise([enabling, ' SUBSYSTEM=pci'], 'x')).toBeGreaterThan(0.8)
    expect(kmsg.recognise(['  indented'], 'kmsg')).toBe(0)
  })
})

describe('whatever the lines hold', () => {
  accountsForEveryLine(kmsg, [
    enabling,
    ' SUBSYSTEM=pci',
    '6,420,9000000,c,caller=C1;usb',
    String.raw`6,9,1,-;patch \xc3`,
    ''
  ])
  survivesHugeLines(kmsg, enabling)
})
