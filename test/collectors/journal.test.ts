import { describe, expect, test } from 'vitest'
import { journal } from '../../src/collectors/formats/journal.ts'
import { accountsForEveryLine, observationsIn, readLines, readOne, reasonsIn } from './evidence-lines.ts'
import { survivesHugeLines } from './huge-lines.ts'

const fields = {
  __CURSOR: 's=0;i=4e2;b=3b1f',
  __REALTIME_TIMESTAMP: '1795425358123456',
  __MONOTONIC_TIMESTAMP: '8086995',
  _BOOT_ID: '3b1f',
  _TRANSPORT: 'kernel',
  PRIORITY: '5',
  SYSLOG_IDENTIFIER: 'kernel',
  _SOURCE_MONOTONIC_TIMESTAMP: '8086995',
  MESSAGE: "livepatch: enabling patch 'lp_hook'"
}

function entry(changed: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...fields, ...changed })
}

function messageOf(value: unknown) {
  const [first] = observationsIn([readOne(journal, entry({ MESSAGE: value }))])
  return first?.kind === 'printk' ? first.message : null
}

describe('a journal entry', () => {
  test('has the time in two clocks, its boot and its host', () => {
    expect(readOne(journal, entry({ _HOSTNAME: 'web1' }))).toEqual({
      line: 1,
      lines: 1,
      raw: entry({ _HOSTNAME: 'web1' }),
      outcome: 'observed',
      timeNs: 8_086_995_000n,
      clock: 'printk',
      wallNs: 1_795_425_358_123_456_000n,
      bootId: '3b1f',
      host: 'web1',
      observations: [{ kind: 'printk', message: "livepatch: enabling patch 'lp_hook'" }]
    })
  })

  test('what journald read late has the wall time of when the kernel printed it', () => {
    const late = entry({ __MONOTONIC_TIMESTAMP: '20086995', __REALTIME_TIMESTAMP: '1795425370123456' })
    expect(readOne(journal, late)).toMatchObject({
      timeNs: 8_086_995_000n,
      wallNs: 1_795_425_358_123_456_000n
    })
  })

  test("without the kernel's time there is journald's, in another clock", () => {
    const line = entry({ _SOURCE_MONOTONIC_TIMESTAMP: undefined, __MONOTONIC_TIMESTAMP: '8093019' })
    expect(readOne(journal, line)).toMatchObject({ timeNs: 8_093_019_000n, clock: 'monotonic' })
    const none = entry({ _SOURCE_MONOTONIC_TIMESTAMP: 'x', __MONOTONIC_TIMESTAMP: undefined })
    expect(reasonsIn([readOne(journal, none)])[0]).toContain('_SOURCE_MONOTONIC_TIMESTAMP')
  })

  test('a message that is not UTF-8 comes as bytes, one given twice as an array', () => {
    expect(messageOf([...Buffer.from('livepatch: é')])).toBe('livepatch: é')
    expect(messageOf([...Buffer.from('livepatch: \xe9', 'latin1')])).toBe('livepatch: é')
    expect(messageOf(['livepatch: a', 'livepatch: b'])).toBe('livepatch: a')
    expect(messageOf([[...Buffer.from('livepatch: a')], 'b'])).toBe('livepatch: a')
  })

  test('a message that journalctl left out cannot be understood', () => {
    expect(reasonsIn([readOne(journal, entry({ MESSAGE: null }))])[0]).toContain('--all')
    expect(reasonsIn([readOne(journal, entry({ MESSAGE: [] }))])).toHaveLength(1)
  })

  test('only the kernel speaks of the kernel', () => {
    for (const other of ['journal', 'syslog', 'stdout', 'audit']) {
      expect(readOne(journal, entry({ _TRANSPORT: other })).outcome).toBe('unrelated')
    }
    expect(readOne(journal, entry({ SYSLOG_FACILITY: '1' })).outcome).toBe('unrelated')
    expect(readOne(journal, entry({ SYSLOG_FACILITY: '0' })).outcome).toBe('observed')
  })

  test('but journald says what it missed of it', () => {
    const missed = {
      _TRANSPORT: 'driver',
      _SOURCE_MONOTONIC_TIMESTAMP: undefined,
      MESSAGE: 'Missed 12 kernel messages'
    }
    expect(observationsIn([readOne(journal, entry(missed))])).toMatchObject([{ kind: 'lost', count: 12 }])
    expect(readOne(journal, entry({ ...missed, MESSAGE: 'Journal started' })).outcome).toBe('unrelated')
  })

  test('the kernel that booted, and where', () => {
    const boot = entry({ MESSAGE: 'Linux version 6.12.117-lab (root@vm)', _HOSTNAME: 'web1' })
    expect(readOne(journal, boot)).toMatchObject({ about: { release: '6.12.117-lab', host: 'web1' } })
  })

  test('json-pretty has one field a line', () => {
    const pretty = JSON.stringify(fields, null, '\t').split('\n')
    const readings = readLines(journal, [...pretty, ...pretty])
    expect(readings.map(({ line, lines, outcome }) => [line, lines, outcome])).toEqual([
      [1, pretty.length, 'observed'],
      [pretty.length + 1, pretty.length, 'observed']
    ])
    expect(journal.recognise(pretty, 'x')).toBeGreaterThan(0.8)
  })

  test('a cut line loses only itself', () => {
    const readings = readLines(journal, [entry(), entry().slice(0, 100), entry().slice(100), entry()])
    expect(readings.map(({ outcome }) => outcome)).toEqual(['observed', 'rejected', 'rejected', 'observed'])
    expect(reasonsIn(readLines(journal, ['[1]', '{"a":1}', 'hello', '-- No entries --', '']))).toHaveLength(3)
  })

  test('is recognised', () => {
    expect(journal.recognise([entry(), entry()], 'x')).toBeGreaterThan(0.8)
    expect(journal.recognise(['{"type": "printf"}'], 'journal.json')).toBe(0)
  })
})

describe('whatever the lines hold', () => {
  accountsForEveryLine(journal, [
    entry(),
    entry({ MESSAGE: [108, 105] }),
    entry({ MESSAGE: null }),
    '{',
    '\t"MESSAGE" : "x"',
    '}'
  ])
  survivesHugeLines(journal, entry())
})
