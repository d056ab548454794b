import { describe, expect, test } from 'vitest'
import { bpfLoader } from '../../src/collectors/formats/bpf-loader.ts'
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

const load =
  '{"op":"BPF_PROG_LOAD","name":"ovA","kind":"kprobe","pid":170,"t0":8997004841,"t1":9019193188,"errno":0,"err":"OK"}'
const open =
  '{"op":"perf_event_open(kprobe)","name":"ovA","sym":"lp_hook:lp_hook_getpgrp","t0":9029875060,"t1":9040670686,"errno":0,"err":"OK"}'
const link =
  '{"op":"BPF_LINK_CREATE(perf_event)","name":"ovA","sym":"lp_hook:lp_hook_getpgrp","t0":9041431775,"t1":9042147686,"errno":0,"err":"OK"}'
const counters = '{"op":"counters","name":"ovA","t":9708972248,"hits":694789,"overrides":317174}'
const close =
  '{"op":"detach(close)","name":"ovA","t0":36512631517,"t1":36836587609,"hits":14315258,"overrides":7275205}'
const refusedOpen =
  '{"op":"perf_event_open(kprobe)","name":"nosym","sym":"lp_hook:no_such","t0":30388504761,"t1":30388698510,"errno":2,"err":"ENOENT"}'
const refusedLink =
  '{"op":"BPF_LINK_CREATE(kprobe_multi)","addr":"0xffffffffa0203000","name":"ovmulti","sym":"lp_hook:lp_hook_getpgrp","t0":29171389684,"t1":29171525298,"errno":22,"err":"EINVAL"}'
const saw =
  '{"op":"saw","path":"/sys/kernel/livepatch/lp_embed_v2/enabled","t0":15683831093,"t1":16731618049}'

describe("a loader's journal", () => {
  test('tells of a load, an attach, readings and a detach; opening the event attaches nothing', () => {
    const readings = readLines(bpfLoader, [load, open, link, counters, close, saw])
    const none = {
      kind: 'bpf',
      program: 'ovA',
      attachKind: 'kprobe',
      symbol: null,
      address: null,
      task: null
    }
    expect(readings.map((reading) => reading.outcome)).toEqual([
      'observed',
      'unrelated',
      'observed',
      'observed',
      'observed',
      'unrelated'
    ])
    expect(observationsIn(readings)).toEqual([
      { ...none, step: 'load', errno: 0, hits: null, overrides: null },
      { ...none, step: 'attach', symbol: 'lp_hook:lp_hook_getpgrp', errno: 0, hits: null, overrides: null },
      { ...none, step: 'counters', errno: 0, hits: 694_789n, overrides: 317_174n },
      { ...none, step: 'detach', errno: 0, hits: 14_315_258n, overrides: 7_275_205n }
    ])
  })

  test('is true at the end of a call, but at the beginning of a detach', () => {
    expect(readOne(bpfLoader, load)).toMatchObject({ clock: 'monotonic', timeNs: 9_019_193_188n })
    expect(readOne(bpfLoader, link)).toMatchObject({ timeNs: 9_042_147_686n })
    expect(readOne(bpfLoader, counters)).toMatchObject({ timeNs: 9_708_972_248n })
    expect(readOne(bpfLoader, close)).toMatchObject({ timeNs: 36_512_631_517n })
  })

  test('tells of refused attaches, also of those that fail before a program is involved', () => {
    expect(observationsIn(readLines(bpfLoader, [refusedOpen, refusedLink]))).toMatchObject([
      {
        step: 'attach',
        program: 'nosym',
        attachKind: 'kprobe',
        symbol: 'lp_hook:no_such',
        address: null,
        errno: 2
      },
      {
        step: 'attach',
        program: 'ovmulti',
        attachKind: 'kprobe_multi',
        address: '0xffffffffa0203000',
        errno: 22
      }
    ])
  })

  test("prefers the loader's own word for the kind, which only the load has", () => {
    const ioctl = load.replace('"kprobe"', '"kprobe-ioctl"')
    const set = link.replace('BPF_LINK_CREATE(perf_event)', 'PERF_EVENT_IOC_SET_BPF')
    expect(observationsIn(readLines(bpfLoader, [ioctl, set]))).toMatchObject([
      {},
      { attachKind: 'kprobe-ioctl' }
    ])
    expect(observationsIn(readLines(bpfLoader, [set]))).toMatchObject([{ attachKind: null }])
    expect(observationsIn(readLines(bpfLoader, [link]))).toMatchObject([{ attachKind: 'perf_event' }])
  })

  test('may count beyond 2^53', () => {
    const wide = counters.replace('694789', '18446744073709551615')
    expect(observationsIn([readOne(bpfLoader, wide)])).toMatchObject([{ hits: 18_446_744_073_709_551_615n }])
    const text = counters.replace('694789', '"many"')
    expect(reasonsIn(readLines(bpfLoader, [text]))).toEqual(['hits: not a whole number'])
  })

  test('is not what another program wrote', () => {
    const hammer = '{"op":"hammer","pid":165,"pgid":0}'
    const busy =
      '{"op":"write","path":"/proc/lp_target_busy","value":"8000","t0":1,"t1":2,"errno":0,"err":"OK"}'
    expect(readLines(bpfLoader, [hammer, busy]).map(({ outcome }) => outcome)).toEqual([
      'rejected',
      'rejected'
    ])
    expect(bpfLoader.recognise([hammer, busy], 'hammer-A.jsonl')).toBe(0)
    expect(reasonsIn(readLines(bpfLoader, [link.replace('"t1":9042147686', '"t1":1')]))).toEqual([
      't1 is before t0: the call ends before it begins'
    ])
  })
})

const recorded = recordedFiles(/^bpf\.jsonl$/)

describe.runIf(haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path', ({ lines }) => {
    const readings = readLines(bpfLoader, lines)
    expect(reasonsIn(readings)).toEqual([])
    expect(bpfLoader.recognise(lines.slice(0, 50), 'bpf.jsonl')).toBe(1)
    const steps = observationsIn(readings).map((each) => (each.kind === 'bpf' ? each.step : each.kind))
    const of = (step: string) => steps.filter((each) => each === step).length
    const count = (pattern: RegExp) => lines.filter((text) => pattern.test(text)).length
    expect(of('load')).toBe(count(/PROG_LOAD/))
    expect(of('counters')).toBe(count(/"op":"counters"/))
    expect(of('detach')).toBe(count(/detach/))
    expect(of('attach')).toBe(count(/LINK_CREATE|SET_BPF/) + count(/perf_event_open.*"errno":[1-9]/))
  })
})

accountsForEveryLine(bpfLoader, [load, open, link, counters, close, refusedOpen, refusedLink, saw])
