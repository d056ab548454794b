import { describe, expect, it } from 'vitest'
import { mainline, plainModule } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

const mod = { ...plainModule, name: 'mod', functions: ['pour'] }
const objects = [
  object('vmlinux', ['tea'], { callbacks: true }),
  object('absent', ['drink'], { callbacks: true }),
  object('mod', ['pour'], { callbacks: true })
]

describe('callbacks', () => {
  it('run for loaded objects in their order, before starting and before complete', () => {
    const prints = {
      pre_patch: ['{mod}: pre {object}{module_state} {ret}'],
      post_patch: ['{mod}: post {object}']
    }
    const host = new Host(mainline, [mod, livepatch('fix', [], { objects, prints })])
    host.insmod('mod')
    host.insmod('fix')
    expect(host.log()).toEqual([
      "livepatch: enabling patch 'fix'",
      "livepatch: 'fix': initializing patching transition",
      'fix: pre vmlinux 0',
      'fix: pre mod -> [MODULE_STATE_LIVE] Normal state 0',
      "livepatch: 'fix': starting patching transition",
      "livepatch: 'fix': completing patching transition",
      'fix: post vmlinux',
      'fix: post mod',
      "livepatch: 'fix': patching complete"
    ])
  })

  it('of a disable: pre_unpatch for patched objects at its start, post_unpatch at its end', () => {
    const host = new Host(mainline, [mod, livepatch('fix', [], { objects })])
    host.insmod('mod')
    host.insmod('fix')
    const before = host.callbacks().length
    host.start(1)
    host.call(1, 'tea')
    host.write('fix', '0')
    host.write('fix', '1')
    host.settle()
    expect(host.callbacks().slice(before)).toEqual([
      'fix pre_unpatch vmlinux',
      'fix pre_unpatch mod',
      'fix post_patch vmlinux',
      'fix post_patch mod'
    ])
  })

  it('that fail take back the objects before them: post_unpatch where pre_patch succeeded', () => {
    const host = new Host(mainline, [
      mod,
      livepatch('fix', [], { objects, prePatchReturns: { param: 'ret' } }, { params: { ret: '-19' } })
    ])
    host.insmod('mod')
    expect(host.insmod('fix')).toBe(-19)
    expect(host.callbacks()).toEqual(['fix pre_patch vmlinux -19'])
    expect(host.log()).toContain("livepatch: pre-patch callback failed for object 'vmlinux'")
  })

  it('post_unpatch is due where only the functions could not be patched, whatever callbacks.rst says', () => {
    const host = new Host(mainline, [livepatch('fix', [], { objects })])
    host.do({ op: 'sysctl', name: 'kernel.ftrace_enabled', value: '0' })
    expect(host.insmod('fix')).toBe(-16)
    expect(host.callbacks()).toEqual(['fix pre_patch vmlinux', 'fix post_unpatch vmlinux'])
  })

  it('post_unpatch is due without a pre_patch too', () => {
    const alone = [{ ...object('vmlinux', ['tea']), callbacks: ['post_unpatch' as const] }]
    const host = new Host(mainline, [livepatch('fix', [], { objects: alone })])
    host.insmod('fix')
    host.write('fix', '0')
    expect(host.callbacks()).toEqual(['fix post_unpatch vmlinux'])
    const failing = new Host(mainline, [livepatch('fix', [], { objects: alone })])
    failing.do({ op: 'sysctl', name: 'kernel.ftrace_enabled', value: '0' })
    failing.insmod('fix')
    expect(failing.callbacks()).toEqual(['fix post_unpatch vmlinux'])
  })
})

describe('klp_get_prev_state()', () => {
  const withState = (version: number) => ({
    replace: true,
    states: [{ id: 1, version }],
    objects: [object('vmlinux', ['tea'], { callbacks: true })],
    prints: { pre_patch: ['{mod}: new'], post_unpatch: ['{mod}: last'], post_patch: ['{mod}: first'] },
    printsWithPrevState: { pre_patch: ['{mod}: taken over'], post_patch: ['{mod}: carried on'] }
  })

  it('finds an older patch on the list while a transition runs, up to its completion', () => {
    const host = new Host(mainline, [livepatch('a', [], withState(1)), livepatch('b', [], withState(2))])
    host.insmod('a')
    host.insmod('b')
    host.write('b', '0')
    expect(host.log().filter((line) => !line.startsWith('livepatch: '))).toEqual([
      'a: new',
      'a: first',
      'b: taken over',
      'b: carried on',
      'b: last'
    ])
  })
})
