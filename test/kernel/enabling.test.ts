import { describe, expect, it } from 'vitest'
import { hybrid, linux72, linux612, mainline, plainModule, replaceSet } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

const EBUSY = 16
const EEXIST = 17
const ENODEV = 19
const EINVAL = 22

/** Enables `fixes` on a host where `first` is in transition, since task 1 sleeps in `tea`. */
function busyHost(...modules: Parameters<typeof livepatch>[]) {
  const host = new Host(mainline, [
    livepatch('first', ['tea'], { states: [{ id: 1, version: 2 }] }),
    ...modules.map((one) => livepatch(...one))
  ])
  host.start(1)
  host.call(1, 'tea')
  expect(host.insmod('first')).toBe(0)
  return host
}

describe('klp_enable_patch() refuses', () => {
  it('a module without MODULE_INFO(livepatch, "Y"), before it looks at anything else', () => {
    const host = new Host(mainline, [livepatch('fix', [''], {}, { livepatch: false })])
    expect(host.insmod('fix')).toBe(-EINVAL)
    expect(host.log()).toEqual(['livepatch: module fix is not marked as a livepatch module'])
  })

  it('everything with ENODEV when livepatch did not come up at boot, silently', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])], {
      traits: { ...linux612, klpInitialised: false }
    })
    expect(host.insmod('fix')).toBe(-ENODEV)
    expect(host.log()).toEqual([])
  })

  it('an incompatible patch with EINVAL even while another is in transition', () => {
    const host = busyHost(['older', ['sugar'], { replace: true, states: [{ id: 1, version: 1 }] }])
    const from = host.facts.length
    expect(host.insmod('older')).toBe(-EINVAL)
    expect(host.log(from)).toEqual([
      'livepatch: Livepatch patch (older) is not compatible with the already installed livepatches.'
    ])
  })

  it('a compatible one with EBUSY then, without a word', () => {
    const host = busyHost(['second', ['sugar']])
    const from = host.facts.length
    expect(host.insmod('second')).toBe(-EBUSY)
    expect(host.log(from)).toEqual([])
  })

  it('a symbol that is not there with EINVAL and not with EBUSY, for klp_init_patch() comes first', () => {
    const host = new Host(mainline, [livepatch('first', ['tea']), livepatch('second', ['milk'])], {
      symbolCounts: new Map([['milk', 0]])
    })
    host.start(1)
    host.call(1, 'tea')
    host.insmod('first')
    expect(host.insmod('second')).toBe(-EINVAL)
    expect(host.log().at(-1)).toBe("livepatch: symbol 'milk' not found in symbol table")
  })

  it('the same object or function twice with EEXIST, which 7.2 turns into EBUSY', () => {
    const objects = [object('vmlinux', ['tea']), object('vmlinux', ['sugar'])]
    const twice = [
      { old: 'tea', new: 'a', sympos: 0 },
      { old: 'tea', new: 'b', sympos: 1 }
    ]
    const modules = [
      livepatch('objects', [], { objects }),
      livepatch('functions', [], { objects: [{ name: 'vmlinux', functions: twice, callbacks: [] }] })
    ]
    for (const name of ['objects', 'functions']) {
      expect(new Host(mainline, modules).insmod(name)).toBe(-EEXIST)
      expect(new Host(mainline, modules, { traits: linux72 }).insmod(name)).toBe(-EBUSY)
    }
  })

  it.each([
    ['a function of 512 letters', 'vmlinux', { old: 'f'.repeat(512), new: 'g' }],
    ['a function without a name', 'vmlinux', { old: '', new: 'g' }],
    ['a function without a replacement', 'vmlinux', { old: 'f', new: '' }],
    ['an object of 56 letters', 'm'.repeat(56), { old: 'f', new: 'g' }]
  ])('%s', (_what, name, func) => {
    const functions = [{ ...func, sympos: 0 }]
    const host = new Host(mainline, [livepatch('fix', [], { objects: [{ name, functions, callbacks: [] }] })])
    expect(host.insmod('fix')).toBe(-EINVAL)
    expect(host.log()).toEqual([])
  })

  it('but takes names that are one letter shorter', () => {
    const host = new Host(mainline, [
      livepatch('fix', [], { objects: [object('vmlinux', ['f'.repeat(511)]), object('m'.repeat(55), ['f'])] })
    ])
    expect(host.insmod('fix')).toBe(0)
  })

  it('leaves nothing of a patch that it refused', () => {
    const host = busyHost(['second', ['sugar']], ['third', ['tea'], { replace: true }])
    const before = host.snapshot()
    expect(host.insmod('second')).toBe(-EBUSY)
    expect(host.insmod('third')).toBe(-EINVAL)
    expect(host.snapshot()).toBe(before)
  })
})

describe('klp_is_patch_compatible()', () => {
  const states = (version: number) => ({ states: [{ id: 7, version }] })

  it('lets a patch without the state through only if it does not replace', () => {
    const host = new Host(mainline, [
      livepatch('old', ['a'], states(2)),
      livepatch('beside', ['b']),
      livepatch('over', ['c'], { replace: true }),
      livepatch('newer', ['d'], { replace: true, ...states(2) })
    ])
    host.insmod('old')
    expect(host.insmod('beside')).toBe(0)
    expect(host.insmod('over')).toBe(-EINVAL)
    expect(host.insmod('newer')).toBe(0)
  })

  it('wants no older version, whether the patch replaces or not', () => {
    const host = new Host(mainline, [livepatch('old', ['a'], states(2)), livepatch('new', ['b'], states(1))])
    host.insmod('old')
    expect(host.insmod('new')).toBe(-EINVAL)
  })

  it('does not look at a patch that is off the list, though its free work is still to come', () => {
    const host = new Host(mainline, [
      livepatch('old', ['a'], states(2)),
      livepatch('new', ['b'], { replace: true })
    ])
    host.insmod('old')
    host.write('old', '0')
    expect(host.state.patches).toHaveLength(1)
    expect(host.insmod('new')).toBe(0)
  })

  it('in hybrid looks at patches that are out of scope as well', () => {
    const host = new Host(hybrid, [
      livepatch('hook', ['a'], states(1)),
      livepatch('cumulative', ['b'], { replace: true })
    ])
    host.insmod('hook')
    expect(host.insmod('cumulative')).toBe(-EINVAL)
  })

  it('in replace-set keeps sets apart by functions and by states, nops and sympos 0 and 1 included', () => {
    const set = (number: number, more = {}) => ({ replaceSet: number, ...more })
    const first = [{ old: 'a', new: 'b', sympos: 1 }]
    const host = new Host(replaceSet, [
      livepatch('old', ['a'], set(0, states(1))),
      livepatch('a1', [], set(1, { objects: [{ name: 'vmlinux', functions: first, callbacks: [] }] })),
      livepatch('state', ['c'], set(1, states(9))),
      livepatch('other', ['c'], set(1)),
      livepatch('elsewhere', [], set(2, { objects: [object('mod', ['a'])] }))
    ])
    host.insmod('old')
    expect(host.insmod('a1')).toBe(-EINVAL)
    expect(host.insmod('state')).toBe(-EINVAL)
    expect(host.insmod('other')).toBe(0)
    expect(host.insmod('elsewhere')).toBe(0)
    expect(host.list()).toEqual(['old', 'other', 'elsewhere'])
  })

  it('in replace-set wants the states of the own set, in no older version', () => {
    const host = new Host(replaceSet, [livepatch('old', ['a'], states(2)), livepatch('new', ['a'])])
    host.insmod('old')
    expect(host.insmod('new')).toBe(-EINVAL)
  })
})

describe('__klp_enable_patch()', () => {
  it('tells the log each step, and is enabled before any task switched', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.start(1)
    host.call(1, 'tea')
    expect(host.insmod('fix')).toBe(0)
    expect(host.state.patches[0]).toMatchObject({ enabled: true })
    host.do({ op: 'return', task: 1 })
    host.settle()
    expect(host.log()).toEqual([
      "livepatch: enabling patch 'fix'",
      "livepatch: 'fix': initializing patching transition",
      "livepatch: 'fix': starting patching transition",
      "livepatch: 'fix': completing patching transition",
      "livepatch: 'fix': patching complete"
    ])
  })

  it('gives each line the level that the kernel gives it', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.insmod('fix')
    const levels = host.facts.flatMap((fact) => (fact.type === 'kernel.printed' ? [fact.data.level] : []))
    expect(levels).toEqual(['notice', 'debug', 'notice', 'debug', 'notice'])
  })

  it('takes a patch of no functions, and one whose objects are not loaded', () => {
    const host = new Host(mainline, [
      livepatch('nothing', [], { objects: [] }),
      livepatch('later', [], { objects: [object('mod', ['a'])] })
    ])
    expect(host.insmod('nothing')).toBe(0)
    expect(host.insmod('later')).toBe(0)
    expect(host.stack('a', 'mod')).toEqual([])
  })

  it('warns and leaves tasks to themselves where stacks are not reliable', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])], {
      traits: { ...linux612, reliableStacks: false }
    })
    host.start(1)
    expect(host.insmod('fix')).toBe(0)
    expect(host.log().slice(0, 2)).toEqual([
      "livepatch: This architecture doesn't have support for the livepatch consistency model.",
      'livepatch: The livepatch transition may never complete.'
    ])
    for (let n = 0; n < 3; n += 1) host.do({ op: 'try' })
    expect(host.state.transition?.switched.size).toBe(0)
    host.do({ op: 'switch', task: 1 })
    host.do({ op: 'try' })
    expect(host.state.transition).toBeNull()
  })

  it('has nothing to do with a module that is no livepatch', () => {
    const host = new Host(mainline, [{ ...plainModule, name: 'plain', initPrints: ['plain: hello'] }])
    expect(host.insmod('plain')).toBe(0)
    expect(host.insmod('plain')).toBe(-EEXIST)
    expect(host.log()).toEqual(['plain: hello'])
  })
})
