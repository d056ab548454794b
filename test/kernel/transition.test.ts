import { describe, expect, it } from 'vitest'
import { decide, mainline, type TaskConditions } from '../../src/kernel/index.ts'
import { Host, livepatch } from './host.ts'

/** `first` is on `tea`; `second`, over it, waits for task 1, which sleeps in `tea`. Task 2 has switched. */
function held() {
  const host = new Host(mainline, [livepatch('first', ['tea', 'milk']), livepatch('second', ['tea'])])
  host.start(1, 2)
  expect(host.insmod('first')).toBe(0)
  host.settle()
  host.call(1, 'tea')
  expect(host.insmod('second')).toBe(0)
  return host
}

const blocked = (host: Host) => [...(host.state.transition?.blocked.values() ?? [])]

describe('klp_check_stack_func()', () => {
  it('towards patched checks the version directly below, towards unpatched the own one', () => {
    const host = held()
    expect(blocked(host)).toMatchObject([{ comm: 'task1', reason: 'sleeping', function: 'tea' }])
    host.do({ op: 'return', task: 1 })
    host.settle()
    host.call(1, 'tea')
    host.write('second', '0')
    expect(blocked(host)).toMatchObject([{ comm: 'task1', function: 'tea' }])
  })

  it('does not look at a version that lies deeper', () => {
    const host = new Host(
      mainline,
      ['a', 'b', 'c'].map((name) => livepatch(name, ['tea']))
    )
    host.start(1)
    host.insmod('a')
    host.call(1, 'tea')
    host.insmod('b')
    host.do({ op: 'force', patch: 'b', value: '1' })
    host.settle()
    // Task 1 is still in a's version, which the force left it in.
    expect(host.insmod('c')).toBe(0)
    expect(host.state.transition).toBeNull()
  })

  it("takes a nop's code for the original", () => {
    const host = new Host(mainline, [
      livepatch('old', ['tea']),
      livepatch('all', ['milk'], { replace: true })
    ])
    host.start(1, 2)
    host.insmod('old')
    host.call(1, 'milk')
    host.insmod('all')
    host.call(2, 'tea')
    expect(host.state.tasks.get(2)?.frames).toMatchObject([{ version: 'original' }])
    host.do({ op: 'write-enabled', patch: 'all', value: '0' })
    host.do({ op: 'try' })
    expect(blocked(host)).toMatchObject([{ comm: 'task2', function: 'tea' }])
  })
})

describe('klp_try_switch_task()', () => {
  it('says of each task why it could not be switched', () => {
    const conditions: TaskConditions = new Map([
      [1, 'running'],
      [2, 'unreliable-stack'],
      [3, 'self']
    ])
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.start(1, 2, 3, 4)
    host.call(4, 'tea')
    host.do({ op: 'insmod', module: 'fix', conditions })
    expect(host.facts.flatMap((fact) => (fact.type === 'kernel.printed' ? [fact.data.message] : []))).toEqual(
      expect.arrayContaining([
        'livepatch: klp_try_switch_task: task1:1 is running',
        'livepatch: klp_try_switch_task: task2:2 has an unreliable stack',
        'livepatch: klp_try_switch_task: task4:4 is sleeping on function tea'
      ])
    )
    expect(host.facts.flatMap((fact) => (fact.type === 'task.switched' ? [fact.data] : []))).toMatchObject([
      { pid: 3, how: 'self' }
    ])
  })

  it('comes to threads first and then to the idle task of each CPU', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    for (const cpu of [1, 0]) host.do({ op: 'start-task', pid: 0, comm: `swapper/${cpu}` })
    host.start(7)
    host.insmod('fix')
    const switched = host.facts.flatMap((fact) => (fact.type === 'task.switched' ? [fact.data.comm] : []))
    expect(switched).toEqual(['task7', 'swapper/0', 'swapper/1'])
  })
})

describe('klp_update_patch_state()', () => {
  it('switches a pending task that leaves the kernel, and nobody else', () => {
    const host = held()
    host.do({ op: 'return', task: 1 })
    const before = host.facts.length
    expect(host.do({ op: 'switch', task: 1 })).toBe(0)
    expect(host.do({ op: 'switch', task: 1 })).toBe(0)
    expect(host.do({ op: 'switch', task: 2 })).toBe(0)
    expect(host.facts.slice(before).map((fact) => fact.type)).toEqual(['task.switched'])
  })

  it('is not reached inside a function: there __klp_sched_try_switch() looks at the stack', () => {
    const host = held()
    expect(host.do({ op: 'switch', task: 1 })).toBe(-98)
    host.do({ op: 'return', task: 1 })
    host.call(1, 'milk')
    expect(host.do({ op: 'switch', task: 1 })).toBe(0)
    expect(host.state.transition?.switched.has(1)).toBe(true)
  })
})

describe('klp_send_signals()', () => {
  it('comes with the 16th try that fails, and is told of once', () => {
    const host = held()
    const line = 'livepatch: signaling remaining tasks'
    for (let n = 0; n < 14; n += 1) host.do({ op: 'try' })
    expect(host.log()).not.toContain(line)
    for (let n = 0; n < 20; n += 1) host.do({ op: 'try' })
    expect(host.log().filter((one) => one === line)).toHaveLength(1)
  })

  it('counts anew behind a reverse', () => {
    const host = held()
    for (let n = 0; n < 10; n += 1) host.do({ op: 'try' })
    host.write('second', '0')
    host.write('second', '1')
    for (let n = 0; n < 15; n += 1) host.do({ op: 'try' })
    expect(host.log()).not.toContain('livepatch: signaling remaining tasks')
    host.do({ op: 'try' })
    expect(host.log()).toContain('livepatch: signaling remaining tasks')
  })
})

describe('klp_copy_process()', () => {
  it("gives the child its parent's patch state and pending flag", () => {
    const host = held()
    host.do({ op: 'start-task', pid: 11, comm: 'child1', parent: 1 })
    host.do({ op: 'start-task', pid: 12, comm: 'child2', parent: 2 })
    host.call(11, 'tea')
    host.call(12, 'tea')
    const versions = [11, 12].map((pid) => host.state.tasks.get(pid)?.frames[0]?.version)
    expect(versions).toEqual(['first', 'second'])
  })

  it('is asked for no task twice, and not by one that is gone', () => {
    const host = held()
    expect(host.do({ op: 'start-task', pid: 1, comm: 'task1' })).toBe(-17)
    expect(host.do({ op: 'start-task', pid: 5, comm: 'child', parent: 99 })).toBe(-3)
    expect(host.do({ op: 'exit-task', task: 99 })).toBe(-3)
  })
})

describe('decide()', () => {
  it('tells what perform() would, and leaves the state as it is', () => {
    const host = held()
    const before = host.snapshot()
    const { facts, ret } = decide(
      host.state,
      { op: 'write-enabled', patch: 'second', value: '0' },
      host.world,
      1_000_000n
    )
    expect(host.snapshot()).toBe(before)
    const from = host.facts.length
    expect(host.write('second', '0')).toBe(ret)
    expect(host.facts.slice(from)).toEqual(facts)
  })
})
