import { describe, expect, it } from 'vitest'
import { hybrid, mainline } from '../../src/kernel/index.ts'
import { Host, livepatch } from './host.ts'

const EAGAIN = 11
const EBUSY = 16
const EINVAL = 22
const ENOENT = 2

/** `rest` is enabled; `moving` is in transition, for task 1 sleeps in its function. */
function host(rules = mainline) {
  const made = new Host(rules, [livepatch('rest', ['tea']), livepatch('moving', ['milk'])])
  made.start(1)
  made.insmod('rest')
  made.call(1, 'milk')
  made.insmod('moving')
  return made
}

describe('enabled_store()', () => {
  it.each(['', 'maybe', 'o', ' 1', '2', '-1'])('does not understand %j', (value) => {
    expect(host().write('moving', value)).toBe(-EINVAL)
  })

  it.each(['0', 'n', 'No', 'f', 'off', 'OFF', 'disable', '0\n'])('takes %j for no', (value) => {
    const made = host()
    expect(made.write('moving', value)).toBe(0)
    expect(made.state.transition?.goal).toBe('unpatched')
  })

  it.each(['1', 'y', 'Yes', 't', 'on', 'oN', 'enable', '1\n'])('takes %j for yes', (value) => {
    const made = host()
    made.write('moving', '0')
    expect(made.write('moving', value)).toBe(0)
    expect(made.state.transition?.goal).toBe('patched')
  })

  it('refuses what a patch is already, in transition or not', () => {
    const made = host()
    expect(made.write('rest', '1')).toBe(-EINVAL)
    expect(made.write('moving', '1')).toBe(-EINVAL)
    made.write('moving', '0')
    expect(made.write('moving', '0')).toBe(-EINVAL)
  })

  it('refuses to disable another patch while one is in transition, with EBUSY', () => {
    const made = host()
    const before = made.snapshot()
    expect(made.write('rest', '0')).toBe(-EBUSY)
    expect(made.snapshot()).toBe(before)
    expect(made.facts.at(-1)?.data).toMatchObject({ operation: 'write-enabled', value: '0', errno: EBUSY })
  })

  it('neither disables nor enables a patch that is gone but for its free work', () => {
    const made = host()
    made.do({ op: 'return', task: 1 })
    made.settle()
    made.write('rest', '0')
    expect(made.state.patches[0]).toMatchObject({ name: 'rest', enabled: false, offList: true })
    expect(made.write('rest', '0')).toBe(-EINVAL)
    expect(made.write('rest', '1')).toBe(-EINVAL)
    made.do({ op: 'free', patch: 'rest' })
    expect(made.write('rest', '1')).toBe(-ENOENT)
  })

  it('disables patches in any order; one that lies below another changes nothing that is seen', () => {
    const made = new Host(mainline, [livepatch('low', ['tea']), livepatch('high', ['tea'])])
    made.insmod('low')
    made.insmod('high')
    expect(made.write('low', '0')).toBe(0)
    expect(made.stack('tea')).toEqual(['high'])
  })
})

describe('force_store()', () => {
  it('takes a no and does nothing, for any patch', () => {
    const made = host()
    const before = made.facts.length
    expect(made.do({ op: 'force', patch: 'rest', value: '0' })).toBe(0)
    expect(made.do({ op: 'force', patch: 'moving', value: '0' })).toBe(0)
    expect(made.facts.length).toBe(before)
  })

  it('forces only the patch in transition', () => {
    const made = host()
    expect(made.do({ op: 'force', patch: 'rest', value: '1' })).toBe(-EINVAL)
    expect(made.do({ op: 'force', patch: 'moving', value: '?' })).toBe(-EINVAL)
    expect(made.do({ op: 'force', patch: 'nobody', value: '1' })).toBe(-ENOENT)
  })
})

describe('replaceable_store()', () => {
  const flip = (made: Host, patch: string, value: string) =>
    made.do({ op: 'write-replaceable', patch, value })

  it('is there in hybrid only', () => {
    expect(flip(host(), 'rest', '1')).toBe(-ENOENT)
  })

  it('refuses the patch in transition with EAGAIN, and takes every other at once', () => {
    const made = host(hybrid)
    expect(flip(made, 'moving', '1')).toBe(-EAGAIN)
    expect(flip(made, 'rest', 'yes')).toBe(0)
    expect(made.state.patches[0]?.replaceable).toBe(true)
  })

  it('has nothing against the value that it has, not even in transition', () => {
    const made = host(hybrid)
    const before = made.facts.length
    expect(flip(made, 'moving', '0')).toBe(0)
    expect(made.facts.length).toBe(before)
    expect(flip(made, 'moving', 'perhaps')).toBe(-EINVAL)
  })
})
