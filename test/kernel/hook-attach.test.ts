import { describe, expect, it } from 'vitest'
import type { HookKind } from '../../src/events/index.ts'
import { hybrid, linux72, mainline, plainModule, replaceSet } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

const EAGAIN = 11
const EADDRNOTAVAIL = 99
const EINVAL = 22
const ENOENT = 2
const ESRCH = 3

function attach(host: Host, kind: HookKind, symbol: string, overrides = false): number {
  return host.do({
    op: 'attach',
    program: `on ${symbol}`,
    kind,
    symbol,
    overrides,
    address: '0xffffffffa0000004'
  })
}

const hookModule = livepatch('hook', [], { objects: [object('vmlinux', ['tea'], { prefix: 'hooked' })] })

describe('a symbol', () => {
  it('that is nowhere: ENOENT for a kprobe, ESRCH for kprobe_multi and where BTF is asked', () => {
    const host = new Host(mainline, [hookModule], { symbolCounts: new Map([['gone', 0]]) })
    host.insmod('hook')
    expect(attach(host, 'kprobe', 'gone')).toBe(-ENOENT)
    expect(attach(host, 'kprobe', 'hook:gone')).toBe(-ENOENT)
    expect(attach(host, 'kprobe', 'absent:gone')).toBe(-ENOENT)
    expect(attach(host, 'kprobe_multi', 'hook:gone')).toBe(-ESRCH)
    expect(attach(host, 'kprobe_multi', 'gone')).toBe(-ESRCH)
    expect(attach(host, 'fentry', 'hook:gone')).toBe(-ESRCH)
    expect(host.state.hooks).toEqual([])
  })

  it('that two versions of a module have is ambiguous for a kprobe, until it is written MODULE:SYMBOL', () => {
    const objects = [object('vmlinux', ['tea'], { prefix: 'hooked' })]
    const host = new Host(mainline, [hookModule, livepatch('hook2', [], { objects })])
    host.insmod('hook')
    expect(attach(host, 'kprobe', 'hooked_tea')).toBe(0)
    host.insmod('hook2')
    expect(attach(host, 'kprobe', 'hooked_tea')).toBe(-EADDRNOTAVAIL)
    expect(attach(host, 'kprobe', 'hook2:hooked_tea')).toBe(0)
    // fprobes take the first that they come to, and they begin with the newest module.
    expect(attach(host, 'kprobe_multi', 'hooked_tea')).toBe(0)
    expect(host.state.hooks.at(-1)?.module).toBe('hook2')
  })

  it('that vmlinux has several times is ambiguous; one that a module has too only before 7.2', () => {
    const symbolCounts = new Map([
      ['twice', 2],
      ['tea', 1]
    ])
    const mod = { ...plainModule, name: 'mod', functions: ['tea'] }
    const old = new Host(mainline, [mod], { symbolCounts })
    const young = new Host(mainline, [mod], { symbolCounts, traits: linux72 })
    for (const host of [old, young]) host.insmod('mod')
    expect(attach(old, 'kprobe', 'tea')).toBe(-EADDRNOTAVAIL)
    expect(attach(young, 'kprobe', 'tea')).toBe(0)
    expect(young.state.hooks[0]?.module).toBeNull()
    for (const host of [old, young]) expect(attach(host, 'kprobe', 'twice')).toBe(-EADDRNOTAVAIL)
  })

  it('in a module without BTF is none for fentry, and a good one for a kprobe', () => {
    const host = new Host(mainline, [{ ...hookModule, btf: false }])
    host.insmod('hook')
    expect(attach(host, 'fentry', 'hook:hooked_tea')).toBe(-ESRCH)
    expect(attach(host, 'kprobe', 'hook:hooked_tea')).toBe(0)
  })
})

describe('perf_event_attach_bpf_prog() with bpf_override_return()', () => {
  it('wants the error-injection list, on originals', () => {
    const host = new Host(mainline, [])
    expect(attach(host, 'kprobe', '__x64_sys_getpgrp', true)).toBe(0)
    expect(attach(host, 'kprobe', 'cmdline_proc_show', true)).toBe(-EINVAL)
    expect(attach(host, 'kprobe', 'cmdline_proc_show')).toBe(0)
  })

  it('on a replacement is for hybrid only, and for kprobes only', () => {
    for (const rules of [mainline, hybrid, replaceSet]) {
      const host = new Host(rules, [hookModule])
      host.insmod('hook')
      expect(attach(host, 'kprobe', 'hook:hooked_tea', true)).toBe(rules === hybrid ? 0 : -EINVAL)
      expect(attach(host, 'kprobe_multi', 'hook:hooked_tea', true)).toBe(-EINVAL)
      expect(attach(host, 'fentry', 'hook:hooked_tea', true)).toBe(-EINVAL)
    }
  })

  it('is allowed where the module has ALLOW_ERROR_INJECTION', () => {
    const host = new Host(mainline, [{ ...hookModule, errorInjectable: ['hooked_tea'] }])
    host.insmod('hook')
    for (const kind of ['kprobe', 'kprobe_multi', 'fmod_ret'] as const)
      expect(attach(host, kind, 'hook:hooked_tea', true)).toBe(0)
  })
})

describe('check_attach_modify_return()', () => {
  it('takes security hooks and the error-injection list', () => {
    const host = new Host(mainline, [])
    expect(attach(host, 'fmod_ret', 'security_file_open', true)).toBe(0)
    expect(attach(host, 'fmod_ret', '__x64_sys_getpgrp', true)).toBe(0)
    expect(attach(host, 'fmod_ret', 'cmdline_proc_show', true)).toBe(-EINVAL)
  })
})

describe('the module that a program is in', () => {
  /** The hook's module, disabled and free of livepatch, with a program of the kind on it. */
  function disabled(kind: HookKind) {
    const host = new Host(mainline, [hookModule])
    host.insmod('hook')
    attach(host, kind, 'hook:hooked_tea')
    host.write('hook', '0')
    host.settle()
    return host
  }

  it.each(['kprobe_multi', 'fentry', 'fexit'] as const)('is pinned by %s', (kind) => {
    const host = disabled(kind)
    expect(host.do({ op: 'rmmod', module: 'hook' })).toBe(-EAGAIN)
    host.do({ op: 'detach', program: 'on hook:hooked_tea' })
    expect(host.do({ op: 'rmmod', module: 'hook' })).toBe(0)
  })

  it('is not pinned by a kprobe: kill_kprobe() leaves it [GONE], and nothing revives it', () => {
    const host = disabled('kprobe')
    expect(host.do({ op: 'rmmod', module: 'hook' })).toBe(0)
    expect(host.facts.map((fact) => fact.type)).toContain('hook.killed')
    host.insmod('hook')
    expect(host.state.hooks).toHaveLength(1)
    expect(host.state.hooks[0]?.goneNs).not.toBeNull()
    expect(host.do({ op: 'detach', program: 'on hook:hooked_tea' })).toBe(0)
    expect(host.do({ op: 'detach', program: 'on hook:hooked_tea' })).toBe(-ENOENT)
  })
})
