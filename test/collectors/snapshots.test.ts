import { describe, expect, test } from 'vitest'
import { snapshots } from '../../src/collectors/formats/snapshots.ts'
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

const quiet = { t: 7301571582, t1: 7547863681, livepatch: {} }
const line = (parts: object) => JSON.stringify({ ...quiet, ...parts })
const read = (parts: object) => observationsIn([readOne(snapshots, line(parts))])[0]

describe('a snapshot', () => {
  test('lasts from t to t1, and a part that was not read is null', () => {
    expect(readOne(snapshots, line({ label: 'start' }))).toEqual({
      line: 1,
      lines: 1,
      raw: line({ label: 'start' }),
      outcome: 'observed',
      timeNs: 7_547_863_681n,
      clock: 'monotonic',
      observations: [
        {
          kind: 'snapshot',
          fromNs: 7_301_571_582n,
          label: 'start',
          patches: [],
          modules: null,
          kprobes: null,
          programs: null,
          links: null
        }
      ]
    })
    expect(read({ livepatch: null })).toMatchObject({ patches: null })
  })

  test('shows patches whatever the order of their files', () => {
    const livepatch = {
      'lp_hook/vmlinux/__x64_sys_getpgrp,1/': 'dir',
      'lp_b/transition': '1',
      'lp_hook/transition': '0',
      'lp_hook/force': null,
      'lp_b/enabled': '0',
      'lp_hook/replaceable': '0',
      'lp_hook/vmlinux/patched': '1',
      'lp_hook/stack_order': '1',
      'lp_hook/enabled': '1',
      'lp_hook/replace': '0'
    }
    expect(read({ livepatch })).toMatchObject({
      patches: [
        { name: 'lp_b', enabled: false, transition: true, replace: null, stackOrder: null, objects: [] },
        {
          name: 'lp_hook',
          enabled: true,
          transition: false,
          replace: false,
          replaceable: false,
          replaceSet: null,
          stackOrder: 1,
          objects: [{ name: 'vmlinux', patched: true, functions: [{ name: '__x64_sys_getpgrp', sympos: 1 }] }]
        }
      ]
    })
  })

  test('leaves the patches out when one went between two of its files, and keeps the rest', () => {
    const torn = { livepatch: { 'lp_a/enabled': '0' }, bpf_links: [] }
    expect(read(torn)).toMatchObject({ patches: null, links: [] })
  })

  test('tells of modules what /proc/modules does', () => {
    const modules = [
      'lp_target 12288 0 - Live 0xffffffffa0203000 (O)',
      'lp_hook 12288 1 - Live 0xffffffffa0209000 (OK)',
      'ext4 1000 2 jbd2,[permanent], Unloading 0x0000000000000000',
      'fixed 1000 - Loading 0x0000000000000000'
    ]
    expect(read({ modules })).toMatchObject({
      modules: [
        { name: 'lp_target', refs: 0, state: 'Live' },
        { name: 'lp_hook', refs: 1, state: 'Live' },
        { name: 'ext4', refs: 2, state: 'Unloading' },
        { name: 'fixed', refs: null, state: 'Loading' }
      ]
    })
  })

  test('tells of kprobes also when their module went, or took its symbols along', () => {
    const kprobes = [
      'ffffffffa0203004  k  lp_hook_getpgrp+0x4  lp_hook [FTRACE]',
      'ffffffff8107fad4  k  __do_sys_getpgrp+0x4    [FTRACE]',
      'ffffffffa0203004  k  lp_hook_getpgrp+0x4  lp_hook [GONE][FTRACE]',
      'ffffffffa0203004  k  0xffffffffa0203004 [GONE][FTRACE]',
      'ffffffffa0209000  r  lp_hook_getpgrp+0x0  lp_hook ',
      'ffffffffa0209000  k  lp_hook_getpgrp+0x4/0x30 [lp_hook] [DISABLED][OPTIMIZED]'
    ]
    const at = (address: string, symbol: string | null, module: string | null, gone = false) => ({
      address,
      symbol,
      module,
      gone
    })
    expect(read({ kprobes })).toMatchObject({
      kprobes: [
        at('0xffffffffa0203004', 'lp_hook_getpgrp+0x4', 'lp_hook'),
        at('0xffffffff8107fad4', '__do_sys_getpgrp+0x4', null),
        at('0xffffffffa0203004', 'lp_hook_getpgrp+0x4', 'lp_hook', true),
        at('0xffffffffa0203004', null, null, true),
        at('0xffffffffa0209000', 'lp_hook_getpgrp+0x0', 'lp_hook'),
        at('0xffffffffa0209000', 'lp_hook_getpgrp+0x4', 'lp_hook')
      ]
    })
  })

  test('tells of programs by the name that the kernel cut to 15 characters', () => {
    const bpf_progs = [
      { id: 7, type: 2, name: 'klp_enable_patc', run_cnt: 4, run_time_ns: 0 },
      { id: 28, type: 26, name: 'fe1', run_cnt: 276248, run_time_ns: 31012814 },
      { id: 29, type: 99 }
    ]
    expect(read({ bpf_progs })).toMatchObject({
      programs: [
        { id: 7, name: 'klp_enable_patc', type: 'kprobe', runCnt: 4n },
        { id: 28, name: 'fe1', type: 'tracing', runCnt: 276_248n },
        { id: 29, name: '', type: '99', runCnt: null }
      ]
    })
  })

  test('tells of links as precisely as the kernel does', () => {
    const probe = {
      type: 7,
      prog_id: 28,
      perf_type: 3,
      func: 'lp_hook:lp_hook_getpgrp',
      offset: 0,
      missed: 0
    }
    const bpf_links = [
      { id: 2, ...probe, addr: '0xffffffffa0209004' },
      { id: 3, ...probe, perf_type: 4, offset: 16 },
      { id: 4, type: 7, prog_id: 28 },
      { id: 5, type: 2, prog_id: 28 },
      { id: 6, type: 8, prog_id: 29 },
      { id: 7, type: 77, prog_id: 29 }
    ]
    expect(read({ bpf_links })).toMatchObject({
      links: [
        {
          id: 2,
          programId: 28,
          attachKind: 'kprobe',
          symbol: 'lp_hook:lp_hook_getpgrp',
          address: '0xffffffffa0209004'
        },
        { id: 3, attachKind: 'kretprobe', symbol: 'lp_hook:lp_hook_getpgrp+0x10', address: null },
        { id: 4, attachKind: 'perf_event', symbol: null, address: null },
        { id: 5, attachKind: 'tracing', symbol: null, address: null },
        { id: 6, programId: 29, attachKind: 'kprobe_multi', symbol: null, address: null },
        { id: 7, attachKind: '77' }
      ]
    })
  })
})

describe('traps', () => {
  test('counters and times beyond 2^53 keep their digits', () => {
    const wide =
      '{"t":9007199254740993,"t1":18446744073709551615,"livepatch":{},"bpf_progs":[{"id":1,"type":2,"run_cnt":9223372036854775809}]}'
    expect(readOne(snapshots, wide)).toMatchObject({
      timeNs: 18_446_744_073_709_551_615n,
      observations: [{ fromNs: 9_007_199_254_740_993n, programs: [{ runCnt: 9_223_372_036_854_775_809n }] }]
    })
  })

  test('a time that is not whole or before its beginning is rejected, and the field is named', () => {
    expect(reasonsIn(readLines(snapshots, [line({ t: 1.5 })]))).toEqual(['t: not a whole number'])
    expect(reasonsIn(readLines(snapshots, [line({ t: -1 })]))).toEqual(['t: a time before zero'])
    expect(reasonsIn(readLines(snapshots, [line({ t1: '7547863681' })]))).toEqual(['t1: not a whole number'])
    expect(reasonsIn(readLines(snapshots, [line({ t1: 1 })]))).toEqual([
      't1 is before t: the snapshot ends before it begins'
    ])
  })

  test('lines of other listings inside are rejected with their place', () => {
    expect(reasonsIn(readLines(snapshots, [line({ modules: ['lp_hook'] })]))).toEqual([
      'modules[0]: not a line of /proc/modules: "lp_hook"'
    ])
    expect(reasonsIn(readLines(snapshots, [line({ kprobes: ['p:p1 f+4'] })]))).toEqual([
      'kprobes[0]: not a line of kprobes/list: "p:p1 f+4"'
    ])
    expect(reasonsIn(readLines(snapshots, [line({ livepatch: { 'lp_a/enabled': '2' } })]))).toEqual([
      "livepatch: 'enabled' is 0 or 1, not '2'"
    ])
  })

  test('a cut line is rejected, and the next one is read', () => {
    const readings = readLines(snapshots, [line({}).slice(0, -5), '', line({})])
    expect(readings.map(({ outcome }) => outcome)).toEqual(['rejected', 'unrelated', 'observed'])
    expect(reasonsIn(readings)[0]).toMatch(/^cut or damaged JSON: /)
  })
})

const recorded = recordedFiles(/^snapshots\.jsonl$/)

describe.runIf(haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path', ({ lines }) => {
    const readings = readLines(snapshots, lines)
    expect(reasonsIn(readings)).toEqual([])
    expect(readings).toHaveLength(lines.length)
    expect(snapshots.recognise(lines.slice(0, 50), 'snapshots.jsonl')).toBe(1)
    observationsIn(readings).forEach((snapshot, index) => {
      if (snapshot.kind !== 'snapshot') throw new Error(snapshot.kind)
      const told = countsIn(lines[index] ?? '')
      const patches = snapshot.patches ?? []
      const functions = patches.flatMap((patch) => patch.objects.flatMap((object) => object.functions))
      expect({
        patches: patches.length,
        functions: functions.length,
        modules: snapshot.modules?.length,
        gone: snapshot.kprobes?.filter((kprobe) => kprobe.gone).length,
        programs: snapshot.programs?.length,
        links: snapshot.links?.length
      }).toEqual(told)
    })
  })
})

/** The same counts, from the text alone. */
function countsIn(text: string) {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0
  return {
    patches: count(/\/enabled":/g),
    functions: count(/,\d+\/":"dir"/g),
    modules: count(/ (?:Live|Loading|Unloading) 0x/g),
    gone: count(/\[GONE\]/g),
    programs: count(/"run_cnt":/g),
    links: count(/"prog_id":/g)
  }
}

accountsForEveryLine(snapshots, [
  line({ label: 'start' }),
  line({ livepatch: { 'lp_a/enabled': '0', 'lp_a/transition': '1' }, modules: [], kprobes: [] }),
  line({ bpf_links: [{ id: 5, type: 2, prog_id: 28 }] })
])
