import { describe, expect, it } from 'vitest'
import { mainline, plainModule } from '../../src/kernel/index.ts'
import { Host, livepatch } from './host.ts'

const EAGAIN = 11
const EEXIST = 17
const ENOENT = 2

describe('klp_free_patch_work_fn()', () => {
  it('runs once, for a patch that is off the list', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.insmod('fix')
    expect(host.do({ op: 'free', patch: 'fix' })).toBe(-ENOENT)
    host.write('fix', '0')
    expect(host.do({ op: 'free', patch: 'fix' })).toBe(0)
    expect(host.do({ op: 'free', patch: 'fix' })).toBe(-ENOENT)
  })

  it('drops the module reference that klp_enable_patch() took: until then neither rmmod nor a second load works', () => {
    const host = new Host(mainline, [livepatch('fix', ['tea'])])
    host.insmod('fix')
    expect(host.do({ op: 'rmmod', module: 'fix' })).toBe(-EAGAIN)
    host.write('fix', '0')
    expect(host.do({ op: 'rmmod', module: 'fix' })).toBe(-EAGAIN)
    expect(host.insmod('fix')).toBe(-EEXIST)
    host.do({ op: 'free', patch: 'fix' })
    expect(host.insmod('fix')).toBe(-EEXIST)
    expect(host.do({ op: 'rmmod', module: 'fix' })).toBe(0)
    expect(host.insmod('fix')).toBe(0)
    expect(host.list()).toEqual(['fix'])
  })

  it('comes for each replaced patch', () => {
    const host = new Host(mainline, [
      livepatch('a', ['tea']),
      livepatch('b', ['milk']),
      livepatch('all', ['tea'], { replace: true })
    ])
    for (const name of ['a', 'b', 'all']) host.insmod(name)
    expect(host.do({ op: 'free', patch: 'b' })).toBe(0)
    expect(host.do({ op: 'free', patch: 'a' })).toBe(0)
    expect(host.state.patches.map((patch) => patch.name)).toEqual(['all'])
  })
})

describe('delete_module()', () => {
  it('knows only what is loaded', () => {
    const host = new Host(mainline, [{ ...plainModule, name: 'mod', exitPrints: ['mod: exit'] }])
    expect(host.do({ op: 'rmmod', module: 'mod' })).toBe(-ENOENT)
    expect(host.insmod('nothing')).toBe(-ENOENT)
    host.insmod('mod')
    expect(host.do({ op: 'rmmod', module: 'mod' })).toBe(0)
    expect(host.log()).toEqual(['mod: exit'])
  })

  it('is held off by a replaced patch that a force has pinned', () => {
    const host = new Host(mainline, [livepatch('a', ['tea']), livepatch('all', ['milk'], { replace: true })])
    host.start(1)
    host.insmod('a')
    host.call(1, 'milk')
    host.insmod('all')
    host.do({ op: 'force', patch: 'all', value: '1' })
    host.settle()
    expect(host.state.modules.get('a')?.pinned).toBe(true)
    expect(host.do({ op: 'rmmod', module: 'a' })).toBe(-EAGAIN)
  })
})
