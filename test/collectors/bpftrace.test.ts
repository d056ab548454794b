import { describe, expect, test } from 'vitest'
import { bpftrace } from '../../src/collectors/formats/bpftrace.ts'
import type { Reading } from '../../src/collectors/observation.ts'
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

const enable = '{"type": "printf", "data": "8063127669 klp_enable_patch patch=lp_hook replace=0\\n"}'

/** A printf record as bpftrace writes it. */
function printf(data: string): string {
  return JSON.stringify({ type: 'printf', data })
}

function outcomes(readings: readonly Reading[]): string[] {
  return readings.map(({ outcome }) => outcome)
}

function probeIn(line: string) {
  const [probe] = observationsIn([readOne(bpftrace, line)])
  return probe?.kind === 'probe' ? probe : null
}

describe('a printf record', () => {
  test('says time, function and arguments by the convention of our script', () => {
    expect(readOne(bpftrace, enable)).toEqual({
      line: 1,
      lines: 1,
      raw: enable,
      outcome: 'observed',
      timeNs: 8_063_127_669n,
      clock: 'monotonic',
      observations: [
        {
          kind: 'probe',
          fn: 'klp_enable_patch',
          returns: false,
          args: { patch: 'lp_hook', replace: '0' },
          task: null
        }
      ]
    })
  })

  test('_ret is a return, and no arguments are no arguments', () => {
    expect(probeIn(printf('1 klp_enable_patch_ret ret=-22\n'))).toMatchObject({
      fn: 'klp_enable_patch',
      returns: true,
      args: { ret: '-22' }
    })
    expect(probeIn(printf('1 klp_start_transition\n'))).toMatchObject({
      fn: 'klp_start_transition',
      args: {}
    })
  })

  test('keeps times that a double would round', () => {
    expect(readOne(bpftrace, printf('9007199254740993 klp_start_transition\n'))).toMatchObject({
      timeNs: 9_007_199_254_740_993n
    })
  })

  test('knows the task only where the script printed pid and comm', () => {
    expect(probeIn(printf('1 klp_enable_patch pid=152 comm=a b patch=lp_a\n'))).toMatchObject({
      task: { pid: 152, comm: 'a b' },
      args: { patch: 'lp_a' }
    })
    expect(probeIn(printf('1 klp_enable_patch pid=152\n'))).toMatchObject({ task: null })
  })

  test('in the functions that switch a task, comm and pid are that task and not the one that runs', () => {
    expect(probeIn(printf('1 klp_update_patch_state comm=sh pid=9 state=1\n'))).toMatchObject({
      task: null,
      args: { comm: 'sh', pid: '9', state: '1' }
    })
  })

  test('a task that calls itself like an argument does not change the others', () => {
    expect(probeIn(printf('1 klp_enable_patch comm=x pid=1 y pid=152\n'))).toMatchObject({
      task: { pid: 152, comm: 'x pid=1 y' }
    })
    expect(probeIn(printf('1 klp_enable_patch pid=152 comm=x pid=1 y\n'))).toMatchObject({
      task: { pid: 152, comm: 'x pid=1 y' }
    })
  })

  test.each([['Tracing… hit Ctrl-C\n'], ['8063127669 bpftrace_begin\n'], ['12 probes are attached\n'], ['']])(
    'unrelated: %j',
    (data) => {
      expect(outcomes(readLines(bpftrace, [printf(data)]))).toEqual(['unrelated'])
    }
  )
})

describe('a printf is not a line', () => {
  test('several lines in one record: each has its time, the record is counted once', () => {
    const readings = readLines(bpftrace, [printf('1 klp_a x=1\n2 klp_b\n')])
    expect(readings).toMatchObject([
      { line: 1, lines: 1, timeNs: 1n },
      { line: 1, lines: 0, timeNs: 2n }
    ])
  })

  test('a line in several records', () => {
    const records = [printf('1 klp_a '), printf('x=1 '), printf('y=2\n2 klp_b\n')]
    const readings = readLines(bpftrace, records)
    expect(readings).toMatchObject([
      {
        line: 1,
        lines: 3,
        raw: records.join('\n'),
        observations: [{ fn: 'klp_a', args: { x: '1', y: '2' } }]
      },
      { line: 3, lines: 0, observations: [{ fn: 'klp_b' }] }
    ])
  })

  test('a line that never ends states nothing, and does not run into the next one behind a loss', () => {
    expect(outcomes(readLines(bpftrace, [printf('1 klp_a x=1')]))).toEqual(['rejected'])
    const lost = '{"type":"lost_events", "count":7}'
    const readings = readLines(bpftrace, [printf('1 klp_a x='), lost, printf('2 klp_b\n')])
    expect(outcomes(readings)).toEqual(['rejected', 'observed', 'observed'])
    expect(readings[2]).toMatchObject({ timeNs: 2n, observations: [{ fn: 'klp_b' }] })
  })
})

describe('other records', () => {
  test('lost events happened before the next record that has a time', () => {
    for (const lost of [
      '{"type":"lost_events", "count":7}',
      '{"type": "lost_events", "data": {"events": 7}}'
    ]) {
      const readings = readLines(bpftrace, [enable, lost, printf('9063127669 klp_start_transition\n')])
      expect(readings.map(({ line }) => line)).toEqual([1, 2, 3])
      expect(readings[1]).toMatchObject({
        timeNs: 9_063_127_669n,
        observations: [{ kind: 'lost', count: 7 }]
      })
      expect(readLines(bpftrace, [enable, lost])[1]).toMatchObject({ timeNs: 8_063_127_669n })
      expect(readOne(bpftrace, lost)).toMatchObject({ outcome: 'timeless' })
    }
  })

  test('the other types are unrelated, on one line or on many', () => {
    expect(readOne(bpftrace, '{"type": "attached_probes", "data": {"probes": 22}}').outcome).toBe('unrelated')
    expect(readOne(bpftrace, '{"type":"attached_probes", "count":22}').outcome).toBe('unrelated')
    const map = ['{"type": "map", "data": {"@": {', '  "1,2": "18446744073709551615",', '  "3": {}', '}}}']
    const readings = readLines(bpftrace, [...map, enable])
    expect(readings.map(({ lines, outcome }) => [lines, outcome])).toEqual([
      [4, 'unrelated'],
      [1, 'observed']
    ])
  })

  test('JSON that is none of bpftrace is refused', () => {
    expect(reasonsIn(readLines(bpftrace, ['{"a": 1}', '[1]', '{"type": "printf", "data": 1}']))).toHaveLength(
      3
    )
  })
})

describe('damage', () => {
  test.each([
    ['in a string', enable.slice(0, 50)],
    ['between values', '{"type": "printf", "data": '],
    ['at the beginning', enable.slice(40)],
    ['in the time', enable.slice(30)]
  ])('a line that is cut %s loses only itself', (_where, cut) => {
    const readings = readLines(bpftrace, [enable, cut, enable])
    expect(outcomes(readings)).toEqual(['observed', 'rejected', 'observed'])
    expect(readings[1]).toMatchObject({ line: 2, lines: 1 })
  })
})

describe('text output', () => {
  test('the same lines without JSON, and the notes around them', () => {
    const readings = readLines(bpftrace, [
      'Attaching 22 probes...',
      '8063127669 klp_enable_patch patch=lp_hook replace=0',
      'Lost 12 events',
      '8063127670 klp_enable_patch_ret ret=0',
      '',
      '@x: 3',
      '[1, 2)  3 |@@@@ |',
      '8063127671 klp_start_transition'
    ])
    expect(outcomes(readings)).toEqual([
      'unrelated',
      'observed',
      'observed',
      'observed',
      'unrelated',
      'unrelated',
      'unrelated',
      'observed'
    ])
    expect(readings[2]).toMatchObject({ timeNs: 8_063_127_670n, observations: [{ kind: 'lost', count: 12 }] })
  })

  test('a line of text among JSON is not its own', () => {
    expect(outcomes(readLines(bpftrace, [enable, '8063127669 klp_enable_patch patch=x']))).toEqual([
      'observed',
      'rejected'
    ])
  })
})

describe('recognise', () => {
  test('JSON and text, not ftrace or dmesg', () => {
    expect(bpftrace.recognise([enable, enable], 'x.jsonl')).toBeGreaterThan(0.8)
    expect(bpftrace.recognise(['8063127669 klp_enable_patch patch=lp_hook replace=0'], 'x')).toBeGreaterThan(
      0.8
    )
    expect(bpftrace.recognise(['[    8.086995] livepatch: x'], 'x')).toBe(0)
    expect(bpftrace.recognise(['{"t": 1, "patches": {}}'], 'x')).toBe(0)
  })
})

const recorded = recordedFiles(/^bpftrace\.jsonl$/)

describe.skipIf(!haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path: every line is understood, and every probe counted', ({ lines }) => {
    const readings = readLines(bpftrace, lines)
    expect(reasonsIn(readings)).toEqual([])
    const kernel = lines.filter((line) => /"\d+ (?!bpftrace_begin)/.test(line))
    const observations = observationsIn(readings)
    expect(observations).toHaveLength(kernel.length)
    const returned = observations.filter((one) => one.kind === 'probe' && one.returns)
    expect(returned).toHaveLength(kernel.filter((line) => line.includes('_ret ')).length)
    expect(bpftrace.recognise(lines.slice(0, 50), 'bpftrace.jsonl')).toBeGreaterThan(0.9)
  })
})

describe('whatever the lines hold', () => {
  accountsForEveryLine(bpftrace, [
    enable,
    printf('1 klp_a x=1\n2 klp_b\n'),
    printf('1 klp_a '),
    printf(''),
    '{"type":"lost_events", "count":7}',
    '{"type": "map", "data": {',
    '  "@": 1',
    '}}',
    '8063127669 klp_enable_patch patch=lp_hook replace=0',
    'Lost 12 events',
    '[1, 2)  3 |@@@@ |'
  ])
  survivesHugeLines(bpftrace, enable)
})
