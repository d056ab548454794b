import { describe, expect, it } from 'vitest'
import { hybrid, mainline, type PolicyRules, replaceSet } from '../../src/kernel/index.ts'
import { Host, livepatch } from './host.ts'

/** `first` is on `tea`; `second`, over it, waits for task 1, which sleeps in `tea`. Task 2 has switched. */
function held(rules: PolicyRules = mainline, replace = false) {
  const host = new Host(rules, [
    livepatch('first', ['tea', 'milk']),
    livepatch('second', ['tea'], { replace })
  ])
  host.start(1, 2)
  expect(host.insmod('first')).toBe(0)
  host.settle()
  host.call(1, 'tea')
  expect(host.insmod('second')).toBe(0)
  return host
}

describe('klp_reverse_transition()', () => {
  it('sends back who had switched, without a try of its own', () => {
    const host = held()
    const from = host.facts.length
    expect(host.write('second', '0')).toBe(0)
    expect(host.log(from)).toEqual([
      "livepatch: 'second': reversing transition from patching to unpatching",
      "livepatch: 'second': starting unpatching transition"
    ])
    expect([...(host.state.transition?.behind ?? [])]).toEqual([2])
    host.settle()
    expect(host.list()).toEqual(['first'])
    expect(host.facts.at(-2)?.type).toBe('transition.completed')
    expect(host.facts.findLast((fact) => fact.type === 'patch.unpatched')?.data).toMatchObject({
      reason: 'reversed'
    })
  })

  it('may be repeated; who had not turned round is where the second one goes', () => {
    const host = held()
    host.write('second', '0')
    host.write('second', '1')
    expect(host.state.transition).toMatchObject({ goal: 'patched', behind: null })
    expect([...(host.state.transition?.switched.keys() ?? [])]).toEqual([2])
    host.do({ op: 'return', task: 1 })
    host.settle()
    expect(host.list()).toEqual(['first', 'second'])
  })

  it('of a disable leaves the patch enabled', () => {
    const host = held()
    host.do({ op: 'return', task: 1 })
    host.settle()
    host.call(1, 'tea')
    host.write('second', '0')
    host.write('second', '1')
    host.settle()
    expect(host.state.patches.map((patch) => [patch.name, patch.enabled])).toEqual([
      ['first', true],
      ['second', true]
    ])
  })

  it('behind a force still is the reverse of an enable', () => {
    const host = held()
    host.do({ op: 'force', patch: 'second', value: '1' })
    expect(host.write('second', '0')).toBe(0)
    host.do({ op: 'try' })
    expect(host.facts.findLast((fact) => fact.type === 'patch.unpatched')?.data).toMatchObject({
      reason: 'reversed'
    })
  })
})

describe('klp_cancel_transition()', () => {
  it('ends an enable at once, whatever the tasks are in', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.start(1)
    host.call(1, 'tea')
    host.do({ op: 'sysctl', name: 'kernel.ftrace_enabled', value: '0' })
    const before = host.snapshot()
    expect(host.insmod('fix')).toBe(-16)
    expect(host.log()).toEqual([
      "livepatch: enabling patch 'fix'",
      "livepatch: 'fix': initializing patching transition",
      "livepatch: failed to register ftrace handler for function 'tea' (-16)",
      "livepatch: failed to patch object 'vmlinux'",
      "livepatch: failed to enable patch 'fix'",
      "livepatch: 'fix': canceling patching transition, going to unpatch",
      "livepatch: 'fix': completing unpatching transition",
      "livepatch: 'fix': unpatching complete"
    ])
    expect(host.snapshot()).toBe(before)
  })
})

describe('klp_force_transition()', () => {
  it('asks nobody, and the next try completes', () => {
    const host = held()
    expect(host.do({ op: 'force', patch: 'second', value: '1' })).toBe(0)
    expect(host.log().at(-1)).toBe('livepatch: forcing remaining tasks to the patched state')
    // The task is in the old version still, but counts as switched.
    expect(host.call(1, 'tea')).toBe(0)
    expect(host.state.tasks.get(1)?.frames.map((frame) => frame.version)).toEqual(['first', 'second'])
    host.do({ op: 'try' })
    expect(host.state.transition).toBeNull()
  })

  const pinned = (host: Host) => host.state.patches.filter((patch) => patch.forced).map((patch) => patch.name)

  it('towards patched pins nobody if the patch does not replace', () => {
    const host = held()
    host.do({ op: 'force', patch: 'second', value: '1' })
    expect(pinned(host)).toEqual([])
  })

  it('towards patched pins every other patch if it does', () => {
    const host = held(mainline, true)
    host.do({ op: 'force', patch: 'second', value: '1' })
    expect(pinned(host)).toEqual(['first'])
  })

  it('in hybrid pins even patches that are not replaced; in replace-set only those of the set', () => {
    const onHybrid = held(hybrid, true)
    onHybrid.do({ op: 'force', patch: 'second', value: '1' })
    expect(pinned(onHybrid)).toEqual(['first'])
    const host = new Host(replaceSet, [
      livepatch('hook', ['milk'], { replaceSet: 1 }),
      livepatch('first', ['tea']),
      livepatch('second', ['tea'])
    ])
    host.start(1)
    host.insmod('hook')
    host.insmod('first')
    host.call(1, 'tea')
    host.insmod('second')
    host.do({ op: 'force', patch: 'second', value: '1' })
    expect(pinned(host)).toEqual(['first'])
  })

  it('towards unpatched pins the patch itself, for ever', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.start(1)
    host.insmod('fix')
    host.call(1, 'tea')
    host.write('fix', '0')
    host.do({ op: 'force', patch: 'fix', value: '1' })
    host.settle()
    expect(host.state.patches).toEqual([])
    expect(host.do({ op: 'rmmod', module: 'fix' })).toBe(-11)
    expect(host.insmod('fix')).toBe(-17)
  })

  it('counts for tasks that are forked behind it', () => {
    const host = held()
    host.do({ op: 'force', patch: 'second', value: '1' })
    host.do({ op: 'start-task', pid: 9, comm: 'child', parent: 1 })
    host.call(9, 'tea')
    expect(host.state.tasks.get(9)?.frames).toMatchObject([{ version: 'second' }])
  })
})
