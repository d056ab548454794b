import { describe, expect, it } from 'vitest'
import { hybrid, mainline, type PolicyRules, replaceSet } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

/** Loads the modules one after the other; the last one's transition waits for task 1, which sleeps in `last`. */
function held(rules: PolicyRules, ...modules: Parameters<typeof livepatch>[]) {
  const host = new Host(
    rules,
    modules.map((one) => livepatch(...one))
  )
  host.start(1)
  for (const [n, [name]] of modules.entries()) {
    if (n === modules.length - 1) host.call(1, 'last')
    expect(host.insmod(name)).toBe(0)
    if (n < modules.length - 1) host.settle()
  }
  return host
}

describe('klp_add_nops()', () => {
  it('makes a nop for each function of an older patch that the new one does not change, once', () => {
    const host = held(
      mainline,
      ['one', ['a', 'b']],
      ['two', ['a', 'c']],
      ['all', ['b', 'last'], { replace: true }]
    )
    expect(host.stack('a')).toEqual(['[all]', 'two', 'one'])
    expect(host.stack('b')).toEqual(['all', 'one'])
    expect(host.stack('c')).toEqual(['[all]', 'two'])
  })

  it('runs the original in their place for tasks that switched, the old code for the others', () => {
    const host = held(mainline, ['one', ['a']], ['all', ['last'], { replace: true }])
    expect([host.runs('a', 0), host.runs('a', 1)]).toEqual(['one', 'original'])
  })

  it('makes an object of its own for a module that only older patches change, loaded or not', () => {
    const host = held(
      mainline,
      ['one', [], { objects: [object('mod', ['a'])] }],
      ['all', ['last'], { replace: true }]
    )
    const objects = host.state.patches.at(-1)?.objects.map(({ name, dynamic }) => [name, dynamic])
    expect(objects).toEqual([
      ['vmlinux', false],
      ['mod', true]
    ])
  })

  it("takes an own object's functions for its own though all that it has are nops", () => {
    const host = new Host(mainline, [
      livepatch('one', ['a']),
      livepatch('all', [], { replace: true, objects: [object('vmlinux', [], { callbacks: true })] })
    ])
    host.insmod('one')
    host.insmod('all')
    expect(host.callbacks()).toEqual(['all pre_patch vmlinux', 'all post_patch vmlinux'])
    expect(host.state.patches.find((patch) => patch.name === 'all')?.objects).toHaveLength(1)
  })

  it('takes sympos 0 and 1 for the same function', () => {
    const host = held(
      mainline,
      ['one', [], { objects: [object('vmlinux', ['a'], { sympos: 1 })] }],
      ['all', ['a', 'last'], { replace: true }]
    )
    expect(host.stack('a')).toEqual(['all', 'one'])
  })

  it('is told nop by nop where the state knows of another policy, and of no patch off the list', () => {
    const host = new Host(mainline, [
      livepatch('gone', ['a']),
      livepatch('old', ['b']),
      livepatch('all', ['c'], { replace: true })
    ])
    host.state.policy = null
    host.insmod('gone')
    host.insmod('old')
    host.write('gone', '0')
    host.insmod('all')
    const enabled = host.facts.findLast((fact) => fact.type === 'patch.enabled')
    expect(enabled?.data).toMatchObject({
      nopsListed: true,
      objects: [{ functions: [{ name: 'c' }, { name: 'b', nop: true }] }]
    })
    expect(JSON.stringify(enabled)).not.toContain('"a"')
  })

  it('makes none for a patch that does not replace', () => {
    const host = held(mainline, ['one', ['a']], ['two', ['last']])
    expect(host.stack('a')).toEqual(['one'])
  })

  it('in hybrid passes over patches that are not replaceable', () => {
    const host = held(
      hybrid,
      ['hook', ['a']],
      ['old', ['b'], { replaceable: true }],
      ['all', ['last'], { replace: true }]
    )
    expect(host.stack('a')).toEqual(['hook'])
    expect(host.stack('b')).toEqual(['[all]', 'old'])
  })

  it('in replace-set is always called, and passes over other sets', () => {
    const host = held(replaceSet, ['hook', ['a'], { replaceSet: 5 }], ['old', ['b']], ['all', ['last']])
    expect(host.stack('a')).toEqual(['hook'])
    expect(host.stack('b')).toEqual(['[all]', 'old'])
  })
})

describe('klp_discard_nops()', () => {
  it('leaves neither nops nor their objects behind, and no stack', () => {
    const host = held(
      mainline,
      ['one', ['a'], { objects: [object('vmlinux', ['a']), object('mod', ['b'])] }],
      ['all', ['last'], { replace: true }]
    )
    host.do({ op: 'return', task: 1 })
    host.settle()
    expect([...host.state.stacks.keys()]).toEqual(['vmlinux:last,1'])
    expect(host.state.patches[0]?.objects).toMatchObject([{ name: 'vmlinux', functions: [{ name: 'last' }] }])
  })

  it('is not asked when a replacing patch is reversed: its nops go with it', () => {
    const host = held(mainline, ['one', ['a']], ['all', ['last'], { replace: true }])
    host.write('all', '0')
    host.settle()
    expect(host.stack('a')).toEqual(['one'])
    expect(host.facts.some((fact) => fact.type === 'nop.discarded')).toBe(false)
  })
})

describe('klp_unpatch_replaced_patches()', () => {
  it('takes every older patch of the scope off the list, behind the line that says complete', () => {
    const host = held(
      hybrid,
      ['hook', ['a']],
      ['old', ['b'], { replaceable: true }],
      ['all', ['last'], { replace: true }]
    )
    host.do({ op: 'return', task: 1 })
    host.do({ op: 'try' })
    expect(host.list()).toEqual(['hook', 'all'])
    expect(host.state.patches.find((patch) => patch.name === 'old')).toMatchObject({
      enabled: false,
      replacedBy: 'all',
      offList: true
    })
    expect(host.stack('a')).toEqual(['hook'])
  })

  it('calls none of their callbacks', () => {
    const objects = [object('vmlinux', ['a'], { callbacks: true })]
    const host = held(mainline, ['old', [], { objects }], ['all', ['last'], { replace: true }])
    host.do({ op: 'return', task: 1 })
    host.settle()
    expect(host.callbacks()).toEqual(['old pre_patch vmlinux', 'old post_patch vmlinux'])
  })
})
