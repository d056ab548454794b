import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bpftrace } from '../../src/collectors/formats/bpftrace.ts'
import { dmesg } from '../../src/collectors/formats/dmesg.ts'
import { ftrace } from '../../src/collectors/formats/ftrace.ts'
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

const enable =
  '          labctl-152     [001] .....     8.063298: enable_patch: (klp_enable_patch+0x4/0x9a0) patch="lp_hook" replace=0'

/** A line as the kernel pads it. */
function record(event: string, task = '          labctl-152    '): string {
  return `${task} [001] .....     8.069620: ${event}`
}

function observation(event: string) {
  return observationsIn([readOne(ftrace, record(event))])[0]
}

function argsOf(list: string) {
  const probe = observation(`p: (f+0x4/0x10)${list}`)
  return probe?.kind === 'probe' ? probe.args : null
}

function taskOf(line: string) {
  const [first] = observationsIn([readOne(ftrace, line)])
  return first !== undefined && 'task' in first ? first.task : null
}

describe('a record', () => {
  test('a kprobe, by the function that it is on and not by its own name', () => {
    expect(readOne(ftrace, enable)).toEqual({
      line: 1,
      lines: 1,
      raw: enable,
      outcome: 'observed',
      timeNs: 8_063_298_000n,
      clock: 'monotonic',
      cpu: 1,
      observations: [
        {
          kind: 'probe',
          fn: 'klp_enable_patch',
          returns: false,
          args: { patch: 'lp_hook', replace: '0' },
          task: { pid: 152, comm: 'labctl' }
        }
      ]
    })
  })

  test('a kretprobe: the function that returns, not the caller, whatever the caller is', () => {
    const from = (caller: string, fn = 'klp_patch_object') => observation(`x: (${caller} <- ${fn}) ret=-22`)
    for (const caller of [
      'klp_enable_patch+0x4f5/0x9a0',
      "[unknown/kretprobe'd]",
      'lp_init+0x1a/0xff0 [lp_hook]',
      '0xffffffffa0203004'
    ]) {
      expect(from(caller)).toMatchObject({ fn: 'klp_patch_object', returns: true, args: { ret: '-22' } })
    }
    expect(from('f+0x1/0x2', 'lp_hook_getpgrp [lp_hook]')).toMatchObject({
      fn: 'lp_hook_getpgrp',
      returns: true
    })
  })

  test('enabled_store and force_store are functions too', () => {
    expect(observation('enabled_store: (enabled_store+0x0/0x180) patch="lp_a" value="0"')).toMatchObject({
      fn: 'enabled_store',
      args: { patch: 'lp_a', value: '0' }
    })
    expect(observation('force_store: (force_store+0x0/0xb0) patch="lp_a" value="1"')).toMatchObject({
      fn: 'force_store'
    })
  })

  test('a function in a module, with its address, and as the compiler renamed it', () => {
    expect(observation('p: (lp_target_value+0x4/0x20 [lp_target])')).toMatchObject({
      fn: 'lp_target_value',
      args: {}
    })
    expect(observation('p: (klp_init_patch+0x0/0x9a0 <ffffffff81123456>) a=1')).toMatchObject({
      fn: 'klp_init_patch'
    })
    expect(observation('p: (klp_try_switch_task.isra.0+0x4/0x1b0)')).toMatchObject({
      fn: 'klp_try_switch_task'
    })
    expect(observation('p: (klp_free_patch_finish.part.0+0x4/0x1b0)')).toMatchObject({
      fn: 'klp_free_patch_finish.part.0'
    })
  })

  test('a probe in the middle of a function is not a call of it, and a uprobe is not the kernel', () => {
    expect(observation('p: (klp_enable_patch+0x1a4/0x9a0) x=1')).toBeUndefined()
    expect(observation('p: (0x55d0c0de1234) arg1=3')).toBeUndefined()
  })
})

describe('values', () => {
  test('strings come without their quotes, numbers as printed, and what could not be read as (fault)', () => {
    expect(argsOf(' sym=(fault) addr=0xffffffffa0203004')).toEqual({
      sym: '(fault)',
      addr: '0xffffffffa0203004'
    })
    expect(argsOf(' patch="" replace=0')).toEqual({ patch: '', replace: '0' })
    expect(argsOf(' list={"a","b"} n=2')).toEqual({ list: '{"a","b"}', n: '2' })
    expect(argsOf(' at=lp_init+0x4/0x20 [lp_hook] n=2')).toEqual({ at: 'lp_init+0x4/0x20 [lp_hook]', n: '2' })
  })

  test('a string may hold spaces, quotes and equal signs', () => {
    expect(argsOf(' comm="a b" pid=1')).toEqual({ comm: 'a b', pid: '1' })
    expect(argsOf(' comm="say "hi"" pid=1')).toEqual({ comm: 'say "hi"', pid: '1' })
    expect(argsOf(' comm="k=v" pid=1')).toEqual({ comm: 'k=v', pid: '1' })
    expect(argsOf(' comm="x=" y" pid=1')).toEqual({ comm: 'x=" y', pid: '1' })
  })

  test('a task cannot lie about its pid by calling itself like an argument', () => {
    const liar = 'x" pid=1 y="'
    expect(argsOf(` comm="${liar}" pid=152 ret=0`)).toEqual({ comm: liar, pid: '152', ret: '0' })
    expect(argsOf(` ret=0 pid=152 comm="${liar}"`)).toEqual({ comm: liar, pid: '152', ret: '0' })
  })

  test('whatever a task is called, a record that states its pid states the right one', () => {
    const part = fc.constantFrom('"', ' ', '=', 'pid', 'ret', '1', '" pid=', '" x="', '\\', 'é')
    const comm = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(comm, (name) => {
        for (const list of [` comm="${name}" pid=152 ret=-11`, ` pid=152 ret=-11 comm="${name}"`]) {
          const args = argsOf(list)
          if (args !== null) expect(args).toMatchObject({ pid: '152', ret: '-11' })
        }
      }),
      { numRuns: 5_000 }
    )
  })

  test('a string goes on in the next line where it has a line feed, as `echo 0 > enabled` writes one', () => {
    const first = record('enabled_store: (enabled_store+0x0/0x180) patch="lp_a" value="0')
    const reading = readOne(ftrace, first, '"')
    expect(reading).toMatchObject({ line: 1, lines: 2, raw: `${first}\n"` })
    expect(observationsIn([reading])[0]).toMatchObject({ args: { patch: 'lp_a', value: '0' } })
  })

  test('a record that is cut in a string states nothing, and costs no other', () => {
    const readings = readLines(ftrace, [enable.slice(0, -14), enable])
    expect(readings.map(({ outcome }) => outcome)).toEqual(['rejected', 'observed'])
    expect(reasonsIn(readings)[0]).toContain('cut')
  })
})

describe('tasks', () => {
  test.each([
    ['<idle>', 0, '          <idle>-0       [000] d..2. '],
    ['kworker/1:1', 40, '     kworker/1:1-40      [001] ..... '],
    ['ld-linux-x86-64', 96, ' ld-linux-x86-64-96      [000] ..... '],
    ['a b', 7, '             a b-7       [000] ..... '],
    ['a-1 [0] 2.0: b', 7, '  a-1 [0] 2.0: b-7       [000] ..... '],
    ['[x]-3', 7, '           [x]-3-7       [000] ..... '],
    ['<...>', 4000000, '           <...>-4000000 [000] ..... '],
    ['', 7, '                -7       [000] ..... '],
    ['sh', 45, 'sh-45 [000] .... '],
    ['sh', 45, '              sh-45      (     45) [000] ..... '],
    ['sh', 45, '              sh-45      (-------) [000] ..... '],
    ['naïve', 45, '          naïve-45      [000] ..... '],
    ['kworker/R-mm_pe', 12, 'kworker/R-mm_pe-12 [000] ']
  ])('%s-%i', (comm, pid, head) => {
    expect(taskOf(`${head} 8.063298: tracing_mark_write: x`)).toEqual({ comm, pid })
  })
})

describe('times', () => {
  const timeOf = (text: string) => {
    const reading = readOne(ftrace, `sh-45 [000] ${text}: tracing_mark_write: x`)
    return reading.outcome === 'observed' ? reading.timeNs : null
  }
  test.each([
    ['0.000000', 0n],
    ['8.063298', 8_063_298_000n],
    ['3113.343493075', 3_113_343_493_075n],
    ['9007199.254740993', 9_007_199_254_740_993n],
    ['18446744073.709551', 18_446_744_073_709_551_000n]
  ])('%s s is exact', (text, ns) => {
    expect(timeOf(text)).toBe(ns)
  })
})

describe('trace-cmd report', () => {
  test('without flags, with flags glued to the processor, with nanoseconds, with its first line', () => {
    const readings = readLines(ftrace, [
      'cpus=2',
      '          <idle>-0     [000] 106467.859747: function:             ktime_get <-- tick_check_idle',
      '  labctl-152   0d.h1. 106467.859748: module_free:          lp_hook',
      '          labctl-152   [001] 106467.859747123: print:                tracing_mark_write: STEP 1 begin',
      'CPU 1 is empty'
    ])
    expect(readings.map(({ outcome }) => outcome)).toEqual([
      'unrelated',
      'unrelated',
      'observed',
      'observed',
      'unrelated'
    ])
    expect(readings[2]).toMatchObject({ timeNs: 106_467_859_748_000n })
    expect(readings[3]).toMatchObject({
      timeNs: 106_467_859_747_123n,
      observations: [{ kind: 'mark', text: 'STEP 1 begin', task: { pid: 152, comm: 'labctl' } }]
    })
  })

  test('a mark with the address of who called the tracer', () => {
    expect(observation('print:                ffffffff8129d2f5s: hello')).toMatchObject({ text: 'hello' })
    expect(observation('print: 0xffffffff8129d2f5: a: b')).toMatchObject({ text: 'a: b' })
  })

  test('a probe at a bare address: names that the kernel and perf gave tell the function', () => {
    const at = 'ffffffff8129d2f0'
    expect(observation(`p_klp_enable_patch_0:   (${at}) patch="a"`)).toMatchObject({
      fn: 'klp_enable_patch',
      returns: false
    })
    expect(observation(`r_klp_enable_patch_0: (${at} <- ${at}) ret=0`)).toMatchObject({
      fn: 'klp_enable_patch',
      returns: true
    })
    expect(observation(`klp_enable_patch__return: (${at} <- ${at}) ret=0`)).toMatchObject({
      fn: 'klp_enable_patch'
    })
    expect(reasonsIn([readOne(ftrace, record(`enable_patch: (${at}) patch="a"`))])[0]).toContain(
      'p_FUNCTION_0'
    )
  })
})

describe('modules and system calls', () => {
  test.each([
    ['module_load: lp_hook O0x8000', 'lp_hook', true],
    ['module_load: lp_hook OE0x8000', 'lp_hook', true],
    ['module_load: lp_hook OK', 'lp_hook', true],
    ['module_load: lp_target O', 'lp_target', false],
    ['module_load: ext4 ', 'ext4', false],
    ['module_load: rand 0x20000', 'rand', false],
    ['module:module_load: lp_hook O0x8000', 'lp_hook', true]
  ])('%s', (event, module, livepatch) => {
    expect(observation(event)).toMatchObject({ kind: 'module', what: 'load', module, livepatch })
  })

  test('a module that goes', () => {
    expect(observation('module_free: lp_hook')).toMatchObject({
      what: 'free',
      module: 'lp_hook',
      livepatch: null
    })
    expect(reasonsIn([readOne(ftrace, record('module_free:'))])[0]).toContain('module_free: NAME')
  })

  test.each([
    ['sys_finit_module(fd: 3, uargs: 7ffdd7b12fc1, flags: 0)', 'finit_module', null],
    ['sys_finit_module -> 0xffffffffffffffea', 'finit_module', -22],
    ['sys_finit_module -> 0x0', 'finit_module', 0],
    ['sys_init_module -> 0xffffffffffffffef', 'init_module', -17],
    ['sys_delete_module(name_user: 7ffc9a5fba, flags: 800)', 'delete_module', null],
    ['sys_delete_module -> 0xfffffffffffffff5', 'delete_module', -11],
    ['compat_sys_finit_module -> 0xffffffea', 'finit_module', -22],
    ['sys_enter_finit_module:   fd: 0x00000003, uargs: 0x7ffd, flags: 0x00000000', 'finit_module', null],
    ['sys_exit_finit_module:    0xffffffffffffffea', 'finit_module', -22],
    ['syscalls:sys_exit_delete_module: 0x0', 'delete_module', 0]
  ])('%s', (event, name, ret) => {
    expect(observation(event)).toMatchObject({ kind: 'syscall', name, ret, task: { pid: 152 } })
  })

  test.each([
    ['sys_openat(dfd: ffffff9c, filename: 7ffd)'],
    ['sys_openat -> 0x3'],
    ['sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b next_pid=2'],
    ['schedule <-do_nanosleep'],
    ['sys_finit_module <-do_syscall_64'],
    ['hrtimer_start: (nothing of a probe)'],
    ['bpf_trace_printk: hello'],
    ['']
  ])('unrelated: %s', (event) => {
    expect(readOne(ftrace, record(event)).outcome).toBe('unrelated')
  })

  test('a return value that is none is refused', () => {
    expect(reasonsIn([readOne(ftrace, record('sys_finit_module -> 0x123456789abcdef01'))])[0]).toContain(
      '64 bits'
    )
    expect(reasonsIn([readOne(ftrace, record('sys_finit_module -'))])[0]).toContain('sys_finit_module -> 0x')
  })
})

describe('texts', () => {
  test('a mark keeps its own colons, spaces and look-alikes', () => {
    expect(observation('tracing_mark_write: STEP 1 end rc=0')).toMatchObject({
      kind: 'mark',
      text: 'STEP 1 end rc=0'
    })
    const nested = 'tracing_mark_write:  sh-1 [0] 2.0: module_free: x'
    expect(observation(nested)).toMatchObject({ kind: 'mark', text: ' sh-1 [0] 2.0: module_free: x' })
  })

  test('a line of the kernel log with its prefix, without the time that old kernels repeat', () => {
    expect(observation("console: livepatch: enabling patch 'lp_hook'")).toEqual({
      kind: 'printk',
      message: "livepatch: enabling patch 'lp_hook'"
    })
    expect(observation('console: [    8.086995] livepatch: x')).toMatchObject({ message: 'livepatch: x' })
    expect(observation('console: [    8.086995][  T152] livepatch: x')).toMatchObject({
      message: 'livepatch: x'
    })
    expect(observation('console: lp_plain: pre_patch vmlinux ret=0')).toMatchObject({ kind: 'printk' })
    expect(observation('console: [drm] x')).toMatchObject({ message: '[drm] x' })
  })
})

describe('lost records', () => {
  test.each([
    ['CPU:2 [LOST 123 EVENTS]', 123],
    ['CPU:2 [LOST EVENTS]', null],
    ['CPU:2 [123 EVENTS DROPPED]', 123],
    ['CPU:2 [EVENTS DROPPED]', null],
    ['CPU 2 [123 EVENTS DROPPED]', 123]
  ])('%s happened before the next record', (note, count) => {
    const readings = readLines(ftrace, [note, enable])
    expect(readings.map(({ line }) => line)).toEqual([1, 2])
    expect(readings[0]).toMatchObject({ timeNs: 8_063_298_000n, raw: note })
    expect(observationsIn(readings)[0]).toMatchObject({ kind: 'lost', count })
  })

  test('at the end of the file, the last record tells the time; in an empty one nobody does', () => {
    expect(readLines(ftrace, [enable, 'CPU:2 [LOST 1 EVENTS]'])[1]).toMatchObject({ timeNs: 8_063_298_000n })
    expect(readOne(ftrace, 'CPU:2 [LOST 1 EVENTS]')).toMatchObject({ outcome: 'timeless' })
  })

  test('a header whose buffer holds less than was written', () => {
    const [lost] = readLines(ftrace, ['# entries-in-buffer/entries-written: 417/500   #P:2', enable])
    expect(lost).toMatchObject({
      line: 1,
      timeNs: 8_063_298_000n,
      observations: [{ kind: 'lost', count: 83 }]
    })
    expect(readOne(ftrace, '# entries-in-buffer/entries-written: 417/417   #P:1').outcome).toBe('unrelated')
  })
})

describe('lines that are no records', () => {
  test('comments, blank lines and stacks are unrelated', () => {
    for (const line of [
      '# tracer: nop',
      '#',
      '',
      '##### CPU 1 buffer started ####',
      ' => klp_enable_patch'
    ]) {
      expect(readOne(ftrace, line).outcome).toBe('unrelated')
    }
  })

  test('anything else is refused, and the reason says what was expected', () => {
    expect(reasonsIn([readOne(ftrace, 'hello')])[0]).toContain('TASK-PID [CPU] FLAGS')
    expect(
      reasonsIn([readOne(ftrace, '            bash-1994    0d..1.    4us : _raw_spin_lock')])[0]
    ).toContain('latency-format')
    expect(reasonsIn([readOne(ftrace, 'x'.repeat(100_000))])[0]).toContain('100000 characters')
  })
})

describe('recognise', () => {
  test('a trace file, even without its header; not the evidence of other kinds', () => {
    expect(ftrace.recognise(['# tracer: nop', '#'], 'x')).toBeGreaterThan(0.9)
    expect(ftrace.recognise([enable, enable], 'x')).toBeGreaterThan(0.8)
    expect(ftrace.recognise(['[    8.086995] livepatch: x'], 'trace.txt')).toBeLessThan(0.2)
    expect(ftrace.recognise(['            perf 19199 [000]  3113.343477: sched:sched_switch: x'], 'x')).toBe(
      0
    )
    expect(ftrace.recognise([], 'x')).toBe(0)
    expect(dmesg.recognise([enable], 'trace.txt')).toBe(0)
    expect(bpftrace.recognise([enable], 'trace.txt')).toBe(0)
  })
})

const traces = recordedFiles(/^trace\.txt$/)

describe.skipIf(!haveRecordings)(fromRecordings, () => {
  test.each(traces)('$path: every line is understood, and every record counted', ({ lines }) => {
    const readings = readLines(ftrace, lines)
    expect(reasonsIn(readings)).toEqual([])
    const observations = observationsIn(readings)
    const count = (kind: string) => observations.filter((one) => one.kind === kind).length
    const matching = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length
    expect(count('probe')).toBe(matching(/: \([^ ]+\+0x| <- /))
    expect(count('printk')).toBe(matching(/: console: /))
    expect(count('mark')).toBe(matching(/: tracing_mark_write: /))
    expect(count('module')).toBe(matching(/: module_(load|free): /))
    expect(count('syscall')).toBe(matching(/: sys_(finit|delete)_module/))
    expect(readings.filter(({ outcome }) => outcome === 'unrelated')).toHaveLength(matching(/^#/))
    expect(ftrace.recognise(lines.slice(0, 50), 'trace.txt')).toBeGreaterThan(0.9)
  })

  test('every probe names a function of the definitions that made it', () => {
    const seen = new Set<string>()
    for (const { lines } of traces) {
      for (const one of observationsIn(readLines(ftrace, lines))) if (one.kind === 'probe') seen.add(one.fn)
    }
    expect(seen).toContain('klp_check_and_switch_task')
    expect(seen).toContain('enabled_store')
    expect(seen).toContain('__klp_unpatch_object')
    for (const fn of seen) expect(fn).toMatch(/klp|_store$|bpf|k?probe/)
  })
})

describe('whatever the lines hold', () => {
  const good = [
    enable,
    record('enabled_store: (enabled_store+0x0/0x180) patch="lp_a" value="0'),
    '"',
    record('sys_finit_module -> 0xffffffffffffffea'),
    record('module_load: lp_hook O0x8000'),
    'CPU:2 [LOST 123 EVENTS]',
    '# entries-in-buffer/entries-written: 417/500   #P:2',
    ...(traces[0]?.lines.slice(10, 60) ?? [])
  ]

  accountsForEveryLine(ftrace, good)
  survivesHugeLines(ftrace, enable)

  test('any task name that the kernel can pad is read whole', () => {
    const name = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 15 })
      .filter((text) => !text.startsWith(' '))
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 4194304 }), (comm, pid) => {
        const task = `${comm.padStart(16)}-${String(pid).padEnd(7)}`
        const line = `${task} [000] .....     1.000000: tracing_mark_write: x`
        expect(taskOf(line)).toEqual({ comm, pid })
      })
    )
  })
})
