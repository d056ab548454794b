import { describe, expect, it } from 'vitest'
import { mainline, replaceSet } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

const objects = [object('vmlinux', ['tea'], { callbacks: true })]
const fix = livepatch(
  'fix',
  [],
  { objects, replace: { param: 'replace' }, prePatchReturns: { param: 'ret' }, replaceSet: { param: 'set' } },
  { params: { replace: '0', ret: '0', set: '0' } }
)

describe('parse_args()', () => {
  it.each([
    ['on', true],
    ['1', true],
    ['N', false]
  ])('a bool of %s', (replace, expected) => {
    const host = new Host(mainline, [fix])
    expect(host.do({ op: 'insmod', module: 'fix', params: { replace } })).toBe(0)
    expect(host.state.patches[0]?.replace).toBe(expected)
  })

  it('refuses the load with EINVAL for what is no value, and reverts what patched it', () => {
    const host = new Host(mainline, [fix])
    expect(host.do({ op: 'insmod', module: 'fix', params: { ret: 'many' } })).toBe(-22)
    expect(host.log()).toEqual(["fix: `many' invalid for parameter `ret'"])
    expect(host.state.modules.size).toBe(0)
    expect(new Host(replaceSet, [fix]).do({ op: 'insmod', module: 'fix', params: { set: '-1' } })).toBe(-22)
  })

  it('begins with the defaults at every load, and passes over what the module does not have', () => {
    const host = new Host(mainline, [fix])
    expect(host.do({ op: 'insmod', module: 'fix', params: { ret: '-19', more: 'x' } })).toBe(-19)
    expect(host.state.settings.has('fix.more')).toBe(false)
    expect(host.insmod('fix')).toBe(0)
  })

  it('reads numbers as kstrtoint() does', () => {
    const host = new Host(replaceSet, [fix])
    expect(host.do({ op: 'insmod', module: 'fix', params: { set: '0x10' } })).toBe(0)
    expect(host.state.patches[0]?.replaceSet).toBe(16)
  })
})

describe('param_attr_store()', () => {
  it('changes what the next callback returns', () => {
    const onMod = [object('mod', ['tea'], { callbacks: true })]
    const host = new Host(mainline, [
      livepatch('fix', [], { objects: onMod, prePatchReturns: { param: 'ret' } }, { params: { ret: '0' } }),
      { ...fix, name: 'mod', livepatch: false, patch: null, params: {} }
    ])
    host.insmod('fix')
    const set = (param: string, value: string) => host.do({ op: 'set-param', module: 'fix', param, value })
    expect(set('ret', '-5')).toBe(0)
    expect(host.insmod('mod')).toBe(-5)
    expect(set('ret', 'x')).toBe(-22)
    expect(set('rat', '0')).toBe(-2)
    expect(host.do({ op: 'set-param', module: 'mod', param: 'ret', value: '0' })).toBe(-2)
    expect(set('ret', '0')).toBe(0)
    expect(host.insmod('mod')).toBe(0)
  })
})
