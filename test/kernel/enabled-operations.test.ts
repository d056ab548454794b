import { describe, expect, it } from 'vitest'
import { enabledOperations, hybrid, mainline, type Offers, plainModule } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

/** Operations as words, but for calls and what becomes of tasks unless they are asked for. */
function open(host: Host, ops: readonly string[] = [], offers: Offers = {}): string[] {
  const usual = ['insmod', 'rmmod', 'write-enabled', 'force', 'write-replaceable', 'try', 'free', 'switch']
  return enabledOperations(host.state, host.world, offers)
    .filter(({ op }) => (ops.length > 0 ? ops : usual).includes(op))
    .map((operation) => Object.values(operation).join(' '))
}

describe('enabledOperations()', () => {
  it('at rest offers loads that are compatible, and unloads of what nothing holds', () => {
    const host = new Host(mainline, [
      { ...plainModule, name: 'mod' },
      livepatch('a', ['tea'], { states: [{ id: 1, version: 1 }] }),
      livepatch('b', ['milk'], { replace: true }),
      livepatch('unmarked', ['milk'], {}, { livepatch: false })
    ])
    expect(open(host)).toEqual(['insmod mod', 'insmod a', 'insmod b'])
    host.insmod('mod')
    host.insmod('a')
    expect(open(host)).toEqual(['rmmod mod', 'write-enabled a 0'])
  })

  it('in a transition offers its reverse, the force, the try and the switches, and no other livepatch', () => {
    const host = new Host(mainline, [
      { ...plainModule, name: 'mod' },
      livepatch('a', ['tea']),
      livepatch('b', ['tea']),
      livepatch('c', ['milk'])
    ])
    host.start(1)
    host.insmod('a')
    host.do({ op: 'insmod', module: 'b', conditions: new Map([[1, 'running']]) })
    expect(open(host)).toEqual(['insmod mod', 'write-enabled b 0', 'force b 1', 'try', 'switch 1'])
    host.do({ op: 'force', patch: 'b', value: '1' })
    expect(open(host)).toEqual(['insmod mod', 'write-enabled b 0', 'try'])
    host.write('b', '0')
    expect(open(host)).toEqual(['insmod mod', 'write-enabled b 1', 'force b 1', 'try', 'switch 1'])
  })

  it('lets nobody switch by himself who is in a function', () => {
    const host = new Host(mainline, [livepatch('a', ['tea'])])
    host.start(1)
    host.call(1, 'tea')
    host.insmod('a')
    expect(open(host, ['switch', 'return'])).toEqual(['return 1'])
  })

  it('offers the free work for patches that are off the list, and nothing else of theirs', () => {
    const host = new Host(mainline, [livepatch('a', ['tea'])])
    host.insmod('a')
    host.write('a', '0')
    expect(open(host)).toEqual(['free a'])
  })

  it('offers flips of replaceable in hybrid, but for the patch in transition', () => {
    const host = new Host(hybrid, [livepatch('a', ['tea'], { replaceable: true }), livepatch('b', ['milk'])])
    host.start(1)
    host.insmod('a')
    host.call(1, 'milk')
    host.insmod('b')
    expect(open(host, ['write-replaceable'])).toEqual(['write-replaceable a 0'])
  })

  it('offers calls of functions that are there, up to the depth, and holds a target in use', () => {
    const objects = [object('vmlinux', ['tea']), object('mod', ['pour'])]
    const host = new Host(mainline, [{ ...plainModule, name: 'mod' }, livepatch('a', [], { objects })])
    host.start(1)
    expect(open(host, ['call'])).toEqual(['call 1 vmlinux tea'])
    host.insmod('mod')
    expect(open(host, ['call'])).toEqual(['call 1 vmlinux tea', 'call 1 mod pour'])
    host.call(1, 'pour', 'mod')
    expect(open(host, ['call', 'return', 'rmmod', 'exit-task'], { callDepth: 1 })).toEqual(['return 1'])
  })

  it('lets threads fork up to the limit and exit, and idle tasks do neither', () => {
    const host = new Host(mainline, [])
    host.start(4)
    host.do({ op: 'start-task', pid: 0, comm: 'swapper/0' })
    const lives = ['start-task', 'exit-task']
    expect(open(host, lives)).toEqual(['start-task 5 task4 4', 'exit-task 4'])
    expect(open(host, lives, { tasksMax: 2 })).toEqual(['exit-task 4'])
  })

  it('offers the hooks that it is given as far as their checks let them, once each', () => {
    const host = new Host(mainline, [livepatch('a', ['tea'])])
    const hook = { op: 'attach', program: 'p', kind: 'kprobe', symbol: 'a:a_tea', overrides: false } as const
    const offers = { attaches: [hook, { ...hook, program: 'q', overrides: true }] }
    const programs = () =>
      enabledOperations(host.state, host.world, offers).flatMap((one) =>
        one.op === 'attach' || one.op === 'detach' ? [`${one.op} ${one.program}`] : []
      )
    expect(programs()).toEqual([])
    host.insmod('a')
    expect(programs()).toEqual(['attach p'])
    host.do(hook)
    expect(programs()).toEqual(['detach p'])
  })
})
