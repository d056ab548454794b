import { describe, expect, it } from 'vitest'
import { linux72, linux612, type ModuleSpec, mainline, plainModule } from '../../src/kernel/index.ts'
import { Host, livepatch } from './host.ts'

const EAGAIN = 11
const EBUSY = 16

function prober(postHandler: boolean): ModuleSpec {
  return {
    ...plainModule,
    name: 'prober',
    params: { has_post_handler: postHandler ? 'y' : 'n' },
    kprobe: { function: 'tea', postHandler: { param: 'has_post_handler' } }
  }
}

function host(postHandler: boolean, traits = linux612) {
  return new Host(
    mainline,
    [prober(postHandler), livepatch('fix', ['milk', 'tea']), livepatch('other', ['tea'])],
    {
      traits
    }
  )
}

describe('register_ftrace_function() with IPMODIFY', () => {
  it('is refused beside a kprobe with a post_handler, and the functions before it are unpatched again', () => {
    const made = host(true)
    made.insmod('prober')
    expect(made.insmod('fix')).toBe(-EBUSY)
    expect(made.log()).toContain("livepatch: failed to register ftrace handler for function 'tea' (-16)")
    expect(made.state.stacks.size).toBe(0)
    made.do({ op: 'rmmod', module: 'prober' })
    expect(made.insmod('fix')).toBe(0)
  })

  it('gets on with a kprobe without one, in either order', () => {
    const first = host(false)
    expect([first.insmod('prober'), first.insmod('fix')]).toEqual([0, 0])
    const second = host(false)
    expect([second.insmod('fix'), second.insmod('prober')]).toEqual([0, 0])
  })

  it('is not asked again for a function that another patch has already', () => {
    const made = host(false)
    made.insmod('fix')
    expect(made.insmod('other')).toBe(0)
    expect(made.stack('tea')).toEqual(['other', 'fix'])
  })
})

describe('__register_kprobe() with a post_handler on a livepatched function', () => {
  it('returns EBUSY on 6.12, and the module does not come', () => {
    const made = host(true)
    made.insmod('fix')
    expect(made.insmod('prober')).toBe(-EBUSY)
    expect(made.state.modules.has('prober')).toBe(false)
  })

  it('returns 0 on 7.2 without being armed, so that it is in nobody’s way later on', () => {
    const made = host(true, linux72)
    made.insmod('fix')
    expect(made.insmod('prober')).toBe(0)
    made.write('fix', '0')
    made.settle()
    expect(made.insmod('other')).toBe(0)
    // Loaded anew it would be armed.
    made.write('other', '0')
    made.settle()
    made.do({ op: 'rmmod', module: 'prober' })
    made.do({ op: 'rmmod', module: 'other' })
    expect(made.insmod('prober')).toBe(0)
    expect(made.insmod('other')).toBe(-EBUSY)
  })
})

describe('ftrace_enable_sysctl()', () => {
  const write = (made: Host, value: string) => made.do({ op: 'sysctl', name: 'kernel.ftrace_enabled', value })

  it('cannot be switched off under a livepatch, for its ops are PERMANENT', () => {
    const made = host(false)
    made.insmod('fix')
    expect(write(made, '0')).toBe(-EBUSY)
    expect(made.state.settings.get('kernel.ftrace_enabled')).toBeUndefined()
    made.write('fix', '0')
    expect(write(made, '0')).toBe(0)
    expect(made.insmod('other')).toBe(-EBUSY)
    expect(write(made, '7')).toBe(0)
    expect(made.insmod('other')).toBe(0)
  })

  it('wants a number', () => {
    expect(write(host(false), 'off')).toBe(-22)
  })
})

describe('bpf_tramp_ftrace_ops_func()', () => {
  it('makes the enable fail while its trampoline is busy, and only where there is one', () => {
    const made = host(false)
    const load = { op: 'insmod', module: 'fix', busyTrampolines: ['vmlinux:tea'] } as const
    made.do({ op: 'attach', program: 'watch', kind: 'fexit', symbol: 'tea', overrides: false })
    expect(made.do(load)).toBe(-EAGAIN)
    expect(made.log()).toContain("livepatch: failed to register ftrace handler for function 'tea' (-11)")
    expect(made.insmod('fix')).toBe(0)
    const without = host(false)
    expect(without.do(load)).toBe(0)
  })

  it('shares the function in any order', () => {
    for (const kind of ['fentry', 'fexit'] as const) {
      const made = host(false)
      made.insmod('fix')
      expect(made.do({ op: 'attach', program: 'watch', kind, symbol: 'tea', overrides: false })).toBe(0)
      expect(made.runs('tea')).toBe('fix')
    }
  })
})
