import { describe, expect, test } from 'vitest'
import { audit } from '../../src/collectors/formats/audit.ts'
import { accountsForEveryLine, observationsIn, readLines, readOne, reasonsIn } from './evidence-lines.ts'

const load = 'type=BPF msg=audit(1574867053.120:84664): prog-id=76 op=LOAD'
const unload = 'type=BPF msg=audit(1574867053.120:84665): prog-id=76 op=UNLOAD'
const syscall =
  'type=SYSCALL msg=audit(1574867053.120:84664): arch=c000003e syscall=321 success=yes exit=3 a0=5 a1=7ffea484fbe0 a2=70 a3=0 items=0 ppid=7477 pid=12698 auid=1001 uid=1001 gid=1001 euid=1001 tty=pts2 ses=4 comm="bpf" exe="/home/jo/bpf" subj=unconfined key=(null)'
const proctitle = 'type=PROCTITLE msg=audit(1574867053.120:84664): proctitle=2E2F627066'

const call = (serial: number, fields: string) =>
  `type=SYSCALL msg=audit(1795425358.120:${serial}): arch=c000003e ${fields} pid=52 auid=4294967295 uid=0 comm="insmod" exe="/usr/bin/kmod" key="mods"`
const module = (serial: number, name: string) =>
  `type=KERN_MODULE msg=audit(1795425358.120:${serial}): name=${name}`

const jo = { task: { pid: 12698, comm: 'bpf' }, uid: 1001, auid: 1001, exe: '/home/jo/bpf' }
const nobody = { success: null, exit: null, task: null, uid: null, auid: null, exe: null }

describe('a BPF program', () => {
  test('is loaded by whom the SYSCALL record of the same serial names; its unload has no such record', () => {
    const readings = readLines(audit, [load, unload, syscall, proctitle])
    expect(readings).toEqual([
      {
        line: 1,
        lines: 3,
        raw: [load, syscall, proctitle].join('\n'),
        outcome: 'observed',
        timeNs: 1_574_867_053_120_000_000n,
        clock: 'realtime',
        observations: [
          {
            kind: 'audit',
            record: 'bpf-load',
            serial: '84664',
            programId: 76,
            module: null,
            success: true,
            exit: 3,
            ...jo
          }
        ]
      },
      {
        line: 2,
        lines: 1,
        raw: unload,
        outcome: 'observed',
        timeNs: 1_574_867_053_120_000_000n,
        clock: 'realtime',
        observations: [
          { kind: 'audit', record: 'bpf-unload', serial: '84665', programId: 76, module: null, ...nobody }
        ]
      }
    ])
  })

  test('is the same in whatever order ausearch prints the records of its event', () => {
    const framed = ['----', 'time->Wed Nov 27 16:04:13 2019', proctitle, syscall, load, '----', unload]
    expect(observationsIn(readLines(audit, framed))).toMatchObject([
      { record: 'bpf-load', ...jo },
      { record: 'bpf-unload', task: null }
    ])
  })

  test('has a record without a name in user space from before 2019, and a number in the kernel log', () => {
    const old = load.replace('type=BPF', 'type=UNKNOWN[1334]')
    const kernel = load.replace('type=BPF msg=', 'type=1334 ')
    for (const line of [old, kernel]) {
      expect(observationsIn([readOne(audit, line)])).toMatchObject([
        { record: 'bpf-load', programId: 76, task: null }
      ])
    }
  })

  test('may be unloaded by a task: since 6.2 the record is part of the close() that freed it', () => {
    const by = syscall.replaceAll('84664', '84665').replace('syscall=321', 'syscall=3')
    expect(observationsIn(readLines(audit, [unload, by]))).toMatchObject([{ record: 'bpf-unload', ...jo }])
  })

  test('is not involved in other bpf calls, nor in other system calls', () => {
    expect(observationsIn([readOne(audit, syscall, proctitle)])).toMatchObject([
      { record: 'syscall', programId: null, ...jo }
    ])
    expect(readOne(audit, syscall.replace('syscall=321', 'syscall=59'), proctitle).outcome).toBe('unrelated')
    expect(
      readOne(audit, "type=USER_LOGIN msg=audit(1.000:2): pid=1 uid=0 msg='op=LOAD prog-id=1 res=success'")
        .outcome
    ).toBe('unrelated')
  })
})

describe('a module', () => {
  test('comes and goes by a system call, and KERN_MODULE beside it has its name', () => {
    const lines = [
      call(1, 'syscall=313 success=yes exit=0'),
      module(1, '"livepatch_x"'),
      call(2, 'syscall=175 success=no exit=-16'),
      call(3, 'syscall=176 success=yes exit=0'),
      module(3, '"livepatch_x"')
    ]
    const who = { task: { pid: 52, comm: 'insmod' }, uid: 0, auid: null, exe: '/usr/bin/kmod' }
    expect(observationsIn(readLines(audit, lines))).toMatchObject([
      { record: 'module-load', serial: '1', module: 'livepatch_x', success: true, exit: 0, ...who },
      { record: 'module-load', serial: '2', module: null, success: false, exit: -16, ...who },
      { record: 'module-unload', serial: '3', module: 'livepatch_x', success: true, ...who }
    ])
  })

  test('has other call numbers on other architectures', () => {
    const record = (arch: string, number: number) =>
      observationsIn([
        readOne(audit, call(1, `syscall=${number}`).replace('c000003e', arch), module(1, '"m"'))
      ])[0]
    for (const [arch, init, remove, finit] of [
      ['c000003e', 175, 176, 313],
      ['40000003', 128, 129, 350],
      ['c00000b7', 105, 106, 273],
      ['c0000015', 128, 129, 353],
      ['80000016', 128, 129, 344]
    ] as const) {
      expect(record(arch, init)).toMatchObject({ record: 'module-load' })
      expect(record(arch, finit)).toMatchObject({ record: 'module-load' })
      expect(record(arch, remove)).toMatchObject({ record: 'module-unload' })
    }
  })

  test('on an unknown architecture is told by the enriched tail, or rejected', () => {
    const odd = call(1, 'syscall=4313').replace('c000003e', 'c0000008')
    const tail = '\x1dARCH=mips64 SYSCALL=finit_module AUID="unset" UID="root"'
    expect(observationsIn(readLines(audit, [odd + tail, module(1, '"m"')]))).toMatchObject([
      { record: 'module-load', module: 'm' }
    ])
    expect(reasonsIn(readLines(audit, [odd, module(1, '"m"')]))).toEqual([
      'KERN_MODULE with system call 4313 of arch c0000008: no module call'
    ])
    expect(reasonsIn(readLines(audit, [module(1, '"m"')]))).toEqual([
      'KERN_MODULE without its SYSCALL: a load or an unload, and nobody knows which'
    ])
  })
})

describe('traps', () => {
  test('strings that are not harmless come as hex without quotes', () => {
    const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase()
    const line = syscall.replace('"bpf"', hex('my prog="é')).replace('"/home/jo/bpf"', '(null)')
    expect(observationsIn([readOne(audit, line)])).toMatchObject([
      { task: { pid: 12698, comm: 'my prog="é' }, exe: null }
    ])
    const bytes = syscall.replace('"bpf"', 'FFFE20')
    expect(observationsIn([readOne(audit, bytes)])).toMatchObject([{ task: { comm: 'ÿþ ' } }])
    expect(observationsIn([readOne(audit, syscall.replace('"bpf"', '"a pid=1 b"'))])).toMatchObject([
      { task: { pid: 12698, comm: 'a pid=1 b' } }
    ])
  })

  test('an enriched tail stands behind a 0x1D, and speaks over no field of the kernel', () => {
    const line = `${syscall}\x1dARCH=x86_64 SYSCALL=bpf AUID="jo" UID="root" pid=1`
    expect(observationsIn([readOne(audit, line)])).toMatchObject([{ record: 'syscall', ...jo }])
  })

  test('serials are counted by each machine for itself', () => {
    const lines = [`node=alpha ${load}`, `node=beta ${load}`, `node=beta ${syscall}`]
    expect(readLines(audit, lines)).toMatchObject([
      { line: 1, lines: 1, host: 'alpha', observations: [{ task: null }] },
      { line: 2, lines: 2, host: 'beta', observations: [jo] }
    ])
  })

  test('a whole event is told as soon as it must be: at its EOE, or when others are far ahead', () => {
    const reader = audit.open()
    expect(reader.push(load, 1)).toEqual([])
    expect(reader.push(syscall, 2)).toEqual([])
    expect(reader.push('type=EOE msg=audit(1574867053.120:84664): ', 3)).toMatchObject([{ lines: 3 }])
    expect(reader.push(load, 4)).toEqual([])
    expect(reader.push(load.replace('84664', '84728'), 5)).toEqual([])
    expect(reader.push(load.replace('84664', '84729'), 6)).toMatchObject([{ line: 4 }])
    expect(reader.end()).toMatchObject([{ line: 5 }, { line: 6 }])
  })

  test('no more than 64 events are held, and no event without end', () => {
    const reader = audit.open()
    const nodes = Array.from({ length: 100 }, (_, index) => reader.push(`node=n${index} ${load}`, index + 1))
    expect(nodes.flat()).toHaveLength(36)
    const path = 'type=PATH msg=audit(1574867053.120:9): item=0 name="/x"'
    const paths = Array.from({ length: 3000 }, () => audit.open().push(path, 1))
    expect(paths.flat()).toEqual([])
    const one = audit.open()
    expect(Array.from({ length: 3000 }, () => one.push(path, 1)).flat()).toMatchObject([
      { lines: 1024 },
      { lines: 1024 }
    ])
  })

  test('what cannot be told is rejected with the reason', () => {
    expect(reasonsIn(readLines(audit, [load.slice(0, 30), 'hello']))).toEqual([
      'not an audit record, or a cut one',
      'not an audit record, or a cut one'
    ])
    expect(
      reasonsIn(readLines(audit, ['type=BPF msg=audit(11/27/2019 16:04:13.120:84664) : prog-id=76 op=LOAD']))
    ).toEqual(['interpreted by ausearch -i, which loses ids and the clock: use `ausearch --raw`'])
    expect(reasonsIn(readLines(audit, [load.replace('76', 'many')]))).toEqual([
      'BPF record without a prog-id'
    ])
    expect(reasonsIn(readLines(audit, [load.replace('LOAD', 'PIN')]))).toEqual(['BPF record with op=PIN'])
  })

  test('a line that is one endless word does not hold anyone up', () => {
    const long = `${load} ${'x'.repeat(2_000_000)}`
    expect(observationsIn([readOne(audit, long)])).toMatchObject([{ record: 'bpf-load' }])
    expect(reasonsIn(readLines(audit, ['y'.repeat(20_000_000)]))[0]).toMatch(/^longer than /)
  })
})

test('is recognised by its records', () => {
  expect(audit.recognise([load, '', syscall], 'audit.log')).toBe(1)
  expect(audit.recognise(['[    8.086995] livepatch: enabling patch'], 'audit.log')).toBe(0)
})

accountsForEveryLine(audit, [
  load,
  unload,
  syscall,
  proctitle,
  '----',
  `node=alpha ${load}`,
  'type=EOE msg=audit(1574867053.120:84664): ',
  module(7, '"m"'),
  call(7, 'syscall=313'),
  call(900, 'syscall=313')
])
