import { describe, expect, test } from 'vitest'
import { commands } from '../../src/collectors/formats/commands.ts'
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

const insmod =
  '{"step":3,"what":"insmod lp_hook","cmd":"labctl insmod /mods/lp_hook.ko ","t0":8057046360,"t1":8079457382,"rc":0,"out":{"op":"finit_module","arg":"lp_hook.ko","t0":8061114468,"t1":8074618519,"errno":0,"err":"OK"}}'
const attach =
  '{"step":5,"what":"attach ovA (kprobe) to lp_hook:lp_hook_getpgrp, override 4242","cmd":"attach ovA kprobe lp_hook:lp_hook_getpgrp 4242 11","t0":8965470723,"t1":9066291922,"rc":0,"out":""}'
const detach =
  '{"step":24,"what":"detach ovA (SIGTERM to its loader)","cmd":"sh -c kill -TERM 170; i=0; while [ -d /proc/170 ]; do labctl usleep 1000; done","t0":36479432951,"t1":36955085009,"rc":0,"out":" "}'

const line = (cmd: string, out: unknown = '', rc = 0) => JSON.stringify({ cmd, t0: 10, t1: 20, rc, out })
const deed = (...args: Parameters<typeof line>) => observationsIn([readOne(commands, line(...args))])[0]

describe('a command', () => {
  test('that a helper reported has the time of the system call, not of the process around it', () => {
    expect(readOne(commands, insmod)).toMatchObject({
      outcome: 'observed',
      clock: 'monotonic',
      timeNs: 8_074_618_519n,
      observations: [
        {
          kind: 'command',
          fromNs: 8_061_114_468n,
          command: 'labctl insmod /mods/lp_hook.ko',
          what: 'insmod lp_hook',
          operation: 'insmod',
          target: 'lp_hook',
          value: null,
          errno: 0,
          task: null
        }
      ]
    })
  })

  test('that only printed something has its own time, and its exit code as errno', () => {
    expect(readOne(commands, attach)).toMatchObject({
      timeNs: 9_066_291_922n,
      observations: [{ fromNs: 8_965_470_723n, operation: 'attach', target: 'ovA', value: '4242', errno: 0 }]
    })
    expect(deed('attach ovproc kprobe cmdline_proc_show 4242', '', 22)).toMatchObject({ errno: 22 })
  })

  test('that kills a loader detaches its program', () => {
    expect(observationsIn([readOne(commands, detach)])).toMatchObject([
      { operation: 'detach', target: 'ovA', value: null }
    ])
  })

  test('is told apart by what was called', () => {
    const sysfs = '/sys/kernel/livepatch/lp_a/enabled'
    expect(
      deed('labctl rmmod lp_a', { op: 'delete_module', arg: 'lp_a', t0: 1, t1: 2, errno: 11 }, 11)
    ).toMatchObject({
      operation: 'rmmod',
      target: 'lp_a',
      errno: 11
    })
    expect(
      deed('labctl write', { op: 'write', path: sysfs, value: '0', t0: 1, t1: 2, errno: 22 })
    ).toMatchObject({
      operation: 'write',
      target: sysfs,
      value: '0',
      errno: 22
    })
    expect(deed('labctl waitfor', { op: 'waitfor', path: sysfs, want: 'gone', errno: 0 })).toMatchObject({
      operation: 'waitfor',
      target: sysfs,
      value: 'gone'
    })
    expect(deed('labctl read', { op: 'read', path: sysfs, data: '1\n', errno: 0 })).toMatchObject({
      operation: 'read',
      target: sysfs,
      value: '1'
    })
    expect(deed('labctl call', { op: 'getpgrp', ret: 4242, t0: 1, t1: 2, errno: 0 })).toMatchObject({
      operation: 'other',
      target: null
    })
    expect(deed('grep -e lp_hook /proc/modules', 'lp_hook 1')).toMatchObject({
      operation: 'read',
      target: '/proc/modules',
      value: null
    })
    expect(deed('insmod /mods/lp-hook.ko.xz')).toMatchObject({ operation: 'insmod', target: 'lp_hook' })
    expect(deed('/sbin/rmmod lp_a')).toMatchObject({ operation: 'rmmod', target: 'lp_a' })
    expect(deed('echo 11', '11 ')).toMatchObject({ operation: 'other', target: null, value: null })
  })
})

test('what is no command is rejected with the field that is wrong', () => {
  expect(reasonsIn(readLines(commands, [insmod.replace('"t0":8057046360', '"t0":"soon"')]))).toEqual([
    't0: not a whole number'
  ])
  expect(reasonsIn(readLines(commands, [line('x', 5)]))).toEqual([
    'out: neither text nor a report {op, t0, t1, errno}'
  ])
  expect(reasonsIn(readLines(commands, [line('x').replace('"t1":20', '"t1":2')]))).toEqual([
    't1 is before t0: the command ends before it begins'
  ])
  expect(reasonsIn(readLines(commands, [insmod.slice(0, 90)]))[0]).toMatch(/^cut or damaged JSON/)
})

const recorded = recordedFiles(/^commands\.txt$/)

describe.runIf(haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path', ({ lines }) => {
    const readings = readLines(commands, lines)
    expect(reasonsIn(readings)).toEqual([])
    expect(commands.recognise(lines.slice(0, 50), 'commands.txt')).toBe(1)
    const count = (pattern: RegExp) => lines.filter((text) => pattern.test(text)).length
    const told = observationsIn(readings).map((each) =>
      each.kind === 'command' ? each.operation : each.kind
    )
    const of = (operation: string) => told.filter((each) => each === operation).length
    expect(told).toHaveLength(lines.length)
    expect(of('insmod')).toBe(count(/"op":"finit_module"/))
    expect(of('rmmod')).toBe(count(/"op":"delete_module"/))
    expect(of('write')).toBe(count(/"op":"write"/))
    expect(of('attach')).toBe(count(/"what":"attach /))
    expect(of('detach')).toBe(count(/"what":"detach /))
    expect(of('waitfor')).toBe(count(/"op":"waitfor"/))
    expect(of('other')).toBe(count(/"cmd":"(?:labctl call|echo)/))
  })
})

accountsForEveryLine(commands, [insmod, attach, detach, line('ls /sys')])
