import { describe, expect, it } from 'vitest'
import { hybrid, mainline, replaceSet } from '../../src/kernel/index.ts'
import { hookView } from '../../src/projections/index.ts'
import { Host, livepatch } from './host.ts'

const EBUSY = 16
const EINVAL = 22
const incompatible = (name: string) =>
  `livepatch: Livepatch patch (${name}) is not compatible with the already installed livepatches.`

/** What a call of the task would run now: it is made, and returns. */
function runs(host: Host, task: number, name: string): string | undefined {
  host.call(task, name)
  const version = host.state.tasks.get(task)?.frames.at(-1)?.version
  host.do({ op: 'return', task })
  return version
}

const replaceable = { replaceable: true }
const replacing = { replace: true }

describe('hybrid, as the RFC has it', () => {
  it('S1: a nop over a patch that stays hides it, and its end changes what everybody runs', () => {
    const host = new Host(hybrid, [
      livepatch('lp1', ['A']),
      livepatch('lp2', ['A', 'B'], replaceable),
      livepatch('lp3', ['B'], replacing)
    ])
    host.start(1, 2)
    host.insmod('lp1')
    host.insmod('lp2')
    host.call(1, 'B')
    host.insmod('lp3')
    expect(host.stack('A')).toEqual(['[lp3]', 'lp2', 'lp1'])
    expect([runs(host, 2, 'A'), runs(host, 1, 'A')]).toEqual(['original', 'lp2'])
    host.do({ op: 'return', task: 1 })
    host.do({ op: 'try' })
    expect([runs(host, 2, 'A'), runs(host, 1, 'A')]).toEqual(['lp1', 'lp1'])
    expect(host.stack('A')).toEqual(['lp1'])
  })

  it('S2: an upgrade lands above the hook that was enabled after the version before', () => {
    const host = new Host(hybrid, [
      livepatch('cum1', ['A'], replaceable),
      livepatch('hook', ['A']),
      livepatch('cum2', ['A'], replacing)
    ])
    host.start(1)
    for (const name of ['cum1', 'hook']) host.insmod(name)
    host.do({ op: 'attach', program: 'prog', kind: 'kprobe', symbol: 'hook:hook_A', overrides: true })
    const view = () => host.state.hooks.map((hook) => hookView(host.state, hook).status)
    expect([runs(host, 1, 'A'), ...view()]).toEqual(['hook', 'active'])
    const from = host.facts.length
    host.insmod('cum2')
    host.settle()
    expect(host.stack('A')).toEqual(['cum2', 'hook'])
    expect([runs(host, 1, 'A'), ...view()]).toEqual(['cum2', 'shadowed'])
    expect(host.log(from).filter((line) => line.includes('hook'))).toEqual([])
  })

  it('S3: 0 -> 1 in the transition unpatches a patch that tasks still run', () => {
    const host = new Host(hybrid, [livepatch('old', ['A']), livepatch('new', ['B'], replacing)])
    host.start(1, 2)
    host.insmod('old')
    host.call(1, 'A')
    host.call(2, 'B')
    host.insmod('new')
    expect(host.stack('A')).toEqual(['old'])
    expect(host.do({ op: 'write-replaceable', patch: 'old', value: '1' })).toBe(0)
    host.do({ op: 'return', task: 2 })
    host.settle()
    expect(host.stack('A')).toEqual([])
    expect(runs(host, 2, 'A')).toBe('original')
    expect(host.list()).toEqual(['new'])
    // The module can go while task 1 is in its code.
    expect(host.state.tasks.get(1)?.frames).toMatchObject([{ version: 'old' }])
    expect(host.do({ op: 'rmmod', module: 'old' })).toBe(0)
  })

  it('S4: 1 -> 0 in the transition lets who switched run the original until it ends', () => {
    const host = new Host(hybrid, [livepatch('old', ['A'], replaceable), livepatch('new', ['B'], replacing)])
    host.start(1, 2)
    host.insmod('old')
    host.call(1, 'B')
    host.insmod('new')
    host.do({ op: 'write-replaceable', patch: 'old', value: '0' })
    expect([runs(host, 2, 'A'), runs(host, 1, 'A')]).toEqual(['original', 'old'])
    host.do({ op: 'return', task: 1 })
    host.settle()
    expect([runs(host, 2, 'A'), runs(host, 1, 'A')]).toEqual(['old', 'old'])
    expect(host.list()).toEqual(['old', 'new'])
  })

  it('S5: a force pins the hook that nobody replaced, and its module never goes', () => {
    const host = new Host(hybrid, [
      livepatch('cum1', ['A'], replaceable),
      livepatch('hook', ['H']),
      livepatch('cum2', ['A'], replacing)
    ])
    host.start(1)
    for (const name of ['cum1', 'hook']) host.insmod(name)
    host.call(1, 'A')
    host.insmod('cum2')
    host.do({ op: 'force', patch: 'cum2', value: '1' })
    host.settle()
    expect(host.write('hook', '0')).toBe(0)
    host.settle()
    expect(host.list()).toEqual(['cum2'])
    expect(host.do({ op: 'rmmod', module: 'hook' })).toBe(-11)
  })

  it("S6: a cumulative patch has to carry the hook's state", () => {
    const host = new Host(hybrid, [
      livepatch('hook', ['H'], { states: [{ id: 7, version: 1 }] }),
      livepatch('cum', ['A'], replacing),
      livepatch('carrying', ['A'], { ...replacing, states: [{ id: 7, version: 1 }] })
    ])
    host.insmod('hook')
    expect(host.insmod('cum')).toBe(-EINVAL)
    expect(host.log().at(-1)).toBe(incompatible('cum'))
    expect(host.insmod('carrying')).toBe(0)
    expect(host.list()).toEqual(['hook', 'carrying'])
  })

  it('S7: with the flags left zero a replacing patch replaces nothing', () => {
    const host = new Host(hybrid, [livepatch('one', ['A']), livepatch('two', ['A'], replacing)])
    host.insmod('one')
    host.insmod('two')
    host.settle()
    expect(host.state.patches.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['one', true],
      ['two', true]
    ])
    expect(host.stack('A')).toEqual(['two', 'one'])
  })
})

describe('replace-set', () => {
  const set = (replaceSetNumber: number) => ({ replaceSet: replaceSetNumber })

  it('S8: sets share no function, coexist otherwise, and are replaced one by one', () => {
    const host = new Host(replaceSet, [
      livepatch('old', ['A'], set(0)),
      livepatch('clash', ['A'], set(1)),
      livepatch('hook', ['H'], set(1)),
      livepatch('new', ['A', 'B'], set(0))
    ])
    host.insmod('old')
    expect(host.insmod('clash')).toBe(-EINVAL)
    expect(host.log().at(-1)).toBe(incompatible('clash'))
    expect(host.insmod('hook')).toBe(0)
    expect(host.insmod('new')).toBe(0)
    host.settle()
    expect(host.list()).toEqual(['hook', 'new'])
  })

  it('S9: while a transition runs the conflict is told first, and only then that it runs', () => {
    const host = new Host(replaceSet, [
      livepatch('first', ['A'], set(0)),
      livepatch('clash', ['A'], set(1)),
      livepatch('other', ['B'], set(1))
    ])
    host.start(1)
    host.call(1, 'A')
    host.insmod('first')
    expect(host.insmod('clash')).toBe(-EINVAL)
    expect(host.log().at(-1)).toBe(incompatible('clash'))
    expect(host.insmod('other')).toBe(-EBUSY)
  })
})

describe('mainline', () => {
  it('S10: a replacing patch that is reversed on its way leaves everything as it was', () => {
    const host = new Host(mainline, [livepatch('old', ['A', 'B']), livepatch('new', ['A'], replacing)])
    host.start(1, 2)
    host.insmod('old')
    host.call(1, 'A')
    host.insmod('new')
    expect([runs(host, 2, 'A'), runs(host, 2, 'B')]).toEqual(['new', 'original'])
    expect(host.write('new', '1')).toBe(-EINVAL)
    expect(host.write('old', '0')).toBe(-EBUSY)
    expect(host.write('new', '0')).toBe(0)
    host.settle()
    expect([runs(host, 2, 'A'), runs(host, 2, 'B')]).toEqual(['old', 'old'])
    expect(host.state.patches.map(({ name, enabled }) => [name, enabled])).toEqual([['old', true]])
    expect(host.do({ op: 'rmmod', module: 'new' })).toBe(0)
  })
})
