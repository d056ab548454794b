import { describe, expect, test } from 'vitest'
import { bpftool } from '../../src/collectors/formats/bpftool.ts'
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

const programs =
  '[{"id":7,"type":"kprobe","name":"klp_enable_patc","tag":"ac16ca28f757ed65","gpl_compatible":true,"run_time_ns":99821,"run_cnt":1,"loaded_at":1795425358,"uid":0,"bytes_xlated":160,"jited":true,"bytes_jited":106,"bytes_memlock":4096,"map_ids":[1]}]'
const links = '[{"id":2,"type":"perf_event","prog_id":28}]'
const perf = '[{"pid":53,"fd":8,"prog_id":7,"fd_type":"kretprobe","func":"klp_enable_patch","offset":0}]'
const header = '## t=9746747778 v2 live, ov1: still attached: bpftool -j prog show'

const snapshot = {
  kind: 'snapshot',
  fromNs: 0n,
  label: null,
  patches: null,
  modules: null,
  kprobes: null,
  programs: null,
  links: null
}

const linksOf = (...entries: object[]) => {
  const [told] = observationsIn([readOne(bpftool, JSON.stringify(entries))])
  return told?.kind === 'snapshot' ? told.links : null
}

describe('a listing', () => {
  test('of programs is a timeless snapshot: loaded_at is not the time of the listing', () => {
    expect(readOne(bpftool, programs)).toEqual({
      line: 1,
      lines: 1,
      raw: programs,
      outcome: 'timeless',
      observations: [
        { ...snapshot, programs: [{ id: 7, name: 'klp_enable_patc', type: 'kprobe', runCnt: 1n }] }
      ]
    })
  })

  test('of links and of perf attachments, which have no link id', () => {
    expect(observationsIn(readLines(bpftool, [links, perf]))).toEqual([
      {
        ...snapshot,
        links: [{ id: 2, programId: 28, attachKind: 'perf_event', symbol: null, address: null }]
      },
      {
        ...snapshot,
        links: [
          { id: null, programId: 7, attachKind: 'kretprobe', symbol: 'klp_enable_patch', address: null }
        ]
      }
    ])
  })

  test('has the time, label and command of the header above it', () => {
    expect(readLines(bpftool, [header, programs, '', header.replace('prog', 'link'), '[]'])).toMatchObject([
      {
        line: 1,
        lines: 2,
        raw: `${header}\n${programs}`,
        outcome: 'observed',
        clock: 'monotonic',
        timeNs: 9_746_747_778n,
        observations: [{ fromNs: 9_746_747_778n, label: 'v2 live, ov1: still attached', links: null }]
      },
      { line: 3, lines: 1, outcome: 'unrelated' },
      { line: 4, lines: 2, observations: [{ programs: null, links: [] }] }
    ])
  })

  test('may be pretty printed over many lines', () => {
    const pretty = JSON.stringify(JSON.parse(programs), null, 4).split('\n')
    expect(readLines(bpftool, [header, ...pretty, ...pretty])).toMatchObject([
      { line: 1, lines: pretty.length + 1, outcome: 'observed' },
      { line: pretty.length + 2, lines: pretty.length, outcome: 'timeless' }
    ])
  })

  test('of maps is understood and none of ours', () => {
    const map = '[{"id":1,"type":"array","name":"m","flags":0,"bytes_key":4,"bytes_value":8,"max_entries":1}]'
    expect(readOne(bpftool, map).outcome).toBe('unrelated')
    expect(readOne(bpftool, '## t=1 x: bpftool -j btf show', '[{"id":1}]').outcome).toBe('unrelated')
    expect(readOne(bpftool, '## t=1 x: bpftool -j constructor show', '[{"id":1}]').outcome).toBe('unrelated')
  })
})

describe('links are as precise as the bpftool that listed them', () => {
  test('kprobes of 6.6 and later have their function and address, a number beyond 2^53', () => {
    const text =
      '[{"id":2,"type":"perf_event","prog_id":28,"retprobe":false,"addr":18446744072101076996,"func":"lp_hook:lp_hook_getpgrp","offset":0,"missed":0,"cookie":0}]'
    expect(observationsIn([readOne(bpftool, text)])).toMatchObject([
      { links: [{ attachKind: 'kprobe', symbol: 'lp_hook:lp_hook_getpgrp', address: '0xffffffffa020a004' }] }
    ])
    const entry = { id: 2, type: 'perf_event', prog_id: 28 }
    expect(linksOf({ ...entry, retprobe: true, func: 'f', offset: 8 })).toMatchObject([
      { attachKind: 'kretprobe', symbol: 'f+0x8', address: null }
    ])
    expect(linksOf({ ...entry, retprobe: false, file: '/bin/sh', offset: 8 })).toMatchObject([
      { attachKind: 'uprobe' }
    ])
    expect(linksOf({ ...entry, tracepoint: 'module_load' })).toMatchObject([{ attachKind: 'tracepoint' }])
  })

  test('tracing links tell fentry from fexit and fmod_ret where they have an attach type', () => {
    const entry = { id: 2, type: 'tracing', prog_id: 28 }
    const kinds = ['trace_fentry', 'trace_fexit', 'modify_return', 'fentry', 'trace_iter', 'constructor', 77]
    const told = linksOf(entry, ...kinds.map((attach_type) => ({ ...entry, attach_type })))
    expect(told?.map(({ attachKind }) => attachKind)).toEqual([
      'tracing',
      'fentry',
      'fexit',
      'fmod_ret',
      'fentry',
      'trace_iter',
      'constructor',
      '77'
    ])
  })

  test('a kprobe_multi link is listed once for each of its functions', () => {
    const entry = { id: 3, type: 'kprobe_multi', prog_id: 29, retprobe: false, func_cnt: 2, missed: 0 }
    const funcs = [
      { addr: '0xffffffffa0203000', func: 'lp_hook_getpgrp', module: 'lp_hook' },
      { addr: '0xffffffff8107fad4', func: '__x64_sys_getpgrp', module: null }
    ]
    expect(linksOf({ ...entry, funcs })).toEqual([
      {
        id: 3,
        programId: 29,
        attachKind: 'kprobe_multi',
        symbol: 'lp_hook:lp_hook_getpgrp',
        address: '0xffffffffa0203000'
      },
      {
        id: 3,
        programId: 29,
        attachKind: 'kprobe_multi',
        symbol: '__x64_sys_getpgrp',
        address: '0xffffffff8107fad4'
      }
    ])
    expect(linksOf({ ...entry, retprobe: true, funcs: [] })).toMatchObject([
      { attachKind: 'kretprobe_multi' }
    ])
  })

  test('a perf attachment by address, and a type that this bpftool had no name for', () => {
    expect(
      observationsIn([
        readOne(bpftool, '[{"pid":1,"fd":2,"prog_id":3,"fd_type":"kprobe","addr":18446744072101076996}]')
      ])
    ).toMatchObject([{ links: [{ id: null, symbol: null, address: '0xffffffffa020a004' }] }])
    expect(linksOf({ id: 1, type: 44, prog_id: 2 })).toMatchObject([{ attachKind: '44' }])
  })
})

describe('traps', () => {
  test('an empty list without its command could be of anything', () => {
    expect(readOne(bpftool, '[]').outcome).toBe('unrelated')
  })

  test('one object is one program asked for by its id, not the list of all', () => {
    expect(reasonsIn(readLines(bpftool, [programs.slice(1, -1)]))).toEqual([
      'one object is no listing: `bpftool -j prog show` without an id lists them all'
    ])
  })

  test('a failure that bpftool printed is told', () => {
    expect(reasonsIn(readLines(bpftool, [header, '{"error":"Operation not permitted"}']))).toEqual([
      'bpftool failed: Operation not permitted'
    ])
  })

  test('an output that was cut costs itself, not what follows', () => {
    const cut = programs.slice(0, 100)
    const pretty = JSON.stringify(JSON.parse(links), null, 4).split('\n')
    const outcomes = (lines: string[]) =>
      readLines(bpftool, lines).map(({ outcome, lines: n }) => `${n} ${outcome}`)
    expect(outcomes([header, cut, header, programs])).toEqual(['2 rejected', '2 observed'])
    expect(outcomes([cut, programs])).toEqual(['1 rejected', '1 timeless'])
    expect(outcomes(['[{"id":7,', programs, links])).toEqual(['1 rejected', '1 timeless', '1 timeless'])
    expect(outcomes([...pretty.slice(0, 3), header, programs])).toEqual(['3 rejected', '2 observed'])
    expect(outcomes([header, '', header, programs])).toEqual(['1 unrelated', '1 unrelated', '2 observed'])
  })

  test('entries of no kind, and entries with wrong fields, are rejected with their place', () => {
    expect(reasonsIn(readLines(bpftool, ['[1]', '[{"id":1}]', 'prog show']))).toEqual([
      '[0]: neither a program nor a link nor a perf attachment',
      '[0]: neither a program nor a link nor a perf attachment',
      'neither JSON nor a `## t=` header'
    ])
    expect(reasonsIn(readLines(bpftool, ['[{"id":1.5,"type":"kprobe","tag":"a"}]']))[0]).toMatch(
      /^prog show: \[0\]\.id: /
    )
    expect(reasonsIn(readLines(bpftool, [header, links]))).toEqual([
      'the header says prog show, and the entries link show'
    ])
  })
})

const recorded = recordedFiles(/^bpftool\.txt$/)

describe.runIf(haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path', ({ lines }) => {
    const readings = readLines(bpftool, lines)
    expect(reasonsIn(readings)).toEqual([])
    expect(bpftool.recognise(lines.slice(0, 50), 'x')).toBe(1)
    const counted = observationsIn(readings).map((each) =>
      each.kind === 'snapshot' ? (each.programs ?? each.links)?.length : -1
    )
    // An entry of a program has one tag; an entry of a link or a perf attachment one prog_id.
    const arrays = lines.filter((text) => text.startsWith('['))
    expect(counted).toEqual(arrays.map((text) => text.match(/"tag":|"prog_id":/g)?.length ?? 0))
    expect(readings.filter(({ outcome }) => outcome === 'observed')).toHaveLength(
      lines.filter((text) => text.startsWith('## t=')).length
    )
  })
})

test('is recognised by its header, its entries, or hardly', () => {
  expect(bpftool.recognise([header], 'x')).toBe(1)
  expect(bpftool.recognise(['[{', '  "id": 7,', '  "bytes_xlated": 160'], 'x')).toBe(0.9)
  expect(bpftool.recognise(['[]'], 'bpftool-links.json')).toBe(0.6)
  expect(bpftool.recognise(['[    8.086995] livepatch: enabling patch'], 'bpftool.txt')).toBe(0)
})

accountsForEveryLine(bpftool, [
  header,
  programs,
  links,
  perf,
  '',
  ...JSON.stringify(JSON.parse(links), null, 2).split('\n'),
  header.replace('prog', 'perf')
])
