import { describe, expect, it } from 'vitest'
import { type ModuleSpec, mainline, plainModule } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

const mod: ModuleSpec = {
  ...plainModule,
  name: 'mod',
  functions: ['pour', 'stir'],
  initPrints: ['mod: init'],
  exitPrints: ['mod: exit']
}

const onMod = (functions: readonly string[]) => ({ objects: [object('mod', functions, { callbacks: true })] })

/** Callbacks as single words: the log's lines about them are not printed by these modules. */
const words = (host: Host) => host.callbacks().map((line) => line.replace(' mod', ''))

describe('klp_module_coming()', () => {
  it('patches the module before its init, patch by patch in list order', () => {
    const host = new Host(mainline, [
      mod,
      livepatch('a', [], onMod(['pour'])),
      livepatch('b', [], onMod(['pour']))
    ])
    host.insmod('a')
    host.insmod('b')
    const from = host.facts.length
    expect(host.insmod('mod')).toBe(0)
    expect(host.log(from)).toEqual([
      "livepatch: applying patch 'a' to loading module 'mod'",
      "livepatch: applying patch 'b' to loading module 'mod'",
      'mod: init'
    ])
    expect(words(host)).toEqual(['a pre_patch', 'a post_patch', 'b pre_patch', 'b post_patch'])
    expect(host.stack('pour', 'mod')).toEqual(['b', 'a'])
  })

  it('refuses a module named vmlinux', () => {
    const host = new Host(mainline, [{ ...plainModule, name: 'vmlinux' }])
    expect(host.insmod('vmlinux')).toBe(-22)
    expect(host.log()).toEqual(['livepatch: vmlinux.ko: invalid module name'])
    expect(host.state.modules.size).toBe(0)
  })

  it('joins a transition: post_patch waits for its end', () => {
    const objects = [object('vmlinux', ['tea']), object('mod', ['pour'], { callbacks: true })]
    const host = new Host(mainline, [mod, livepatch('a', [], { objects })])
    host.start(1)
    host.call(1, 'tea')
    host.insmod('a')
    host.insmod('mod')
    expect(words(host)).toEqual(['a pre_patch'])
    // The functions' transition flags are up already, so a task that has not switched runs the original.
    host.call(1, 'pour', 'mod')
    expect(host.state.tasks.get(1)?.frames.at(-1)?.version).toBe('original')
    host.do({ op: 'return', task: 1 })
    host.do({ op: 'return', task: 1 })
    host.settle()
    expect(words(host)).toEqual(['a pre_patch', 'a post_patch'])
  })

  it('undoes only the patches before the one that fails, and not that one', () => {
    const failing = { ...onMod(['pour']), prePatchReturns: -19 }
    const host = new Host(mainline, [
      mod,
      livepatch('a', [], onMod(['pour'])),
      livepatch('b', [], failing),
      livepatch('c', [], onMod(['stir']))
    ])
    for (const name of ['a', 'b', 'c']) host.insmod(name)
    const from = host.facts.length
    const before = host.snapshot()
    expect(host.insmod('mod')).toBe(-19)
    expect(host.log(from)).toEqual([
      "livepatch: applying patch 'a' to loading module 'mod'",
      "livepatch: applying patch 'b' to loading module 'mod'",
      "livepatch: pre-patch callback failed for object 'mod'",
      "livepatch: patch 'b' failed for module 'mod', refusing to load module 'mod'",
      "livepatch: reverting patch 'a' on unloading module 'mod'"
    ])
    expect(words(host)).toEqual([
      'a pre_patch',
      'a post_patch',
      'b pre_patch -19',
      'a pre_unpatch',
      'a post_unpatch'
    ])
    expect(host.snapshot()).toBe(before)
  })

  it('says when a function of the patch is not in the module', () => {
    const host = new Host(mainline, [mod, livepatch('a', [], onMod(['drink']))])
    host.insmod('a')
    const from = host.facts.length
    expect(host.insmod('mod')).toBe(-22)
    expect(host.log(from)).toEqual([
      "livepatch: symbol 'drink' not found in symbol table",
      "livepatch: failed to initialize patch 'a' for module 'mod' (-22)",
      "livepatch: patch 'a' failed for module 'mod', refusing to load module 'mod'"
    ])
  })

  it('calls post_unpatch for the object that it could not patch, with or without a pre_patch', () => {
    const host = new Host(mainline, [
      mod,
      livepatch('a', [], onMod(['pour'])),
      livepatch('b', [], { objects: [{ ...object('mod', ['stir']), callbacks: ['post_unpatch'] }] })
    ])
    host.insmod('a')
    host.insmod('b')
    host.do({ op: 'sysctl', name: 'kernel.ftrace_enabled', value: '0' })
    const from = host.facts.length
    expect(host.insmod('mod')).toBe(-16)
    expect(words(host)).toEqual(['a pre_patch', 'a post_unpatch'])
    expect(host.log(from)).toContain("livepatch: failed to apply patch 'a' to module 'mod' (-16)")
    host.write('a', '0')
    host.settle()
    expect(host.insmod('mod')).toBe(-16)
    expect(words(host).at(-1)).toBe('b post_unpatch')
  })

  it('passes over a patch that is off the list', () => {
    const host = new Host(mainline, [mod, livepatch('a', [], onMod(['pour']))])
    host.insmod('a')
    host.write('a', '0')
    expect(host.insmod('mod')).toBe(0)
    expect(host.callbacks()).toEqual([])
  })
})

describe('klp_module_going()', () => {
  it('reverts every patch after the module has left, and all works again when it comes back', () => {
    const host = new Host(mainline, [mod, livepatch('a', [], onMod(['pour']))])
    host.insmod('mod')
    host.insmod('a')
    const from = host.facts.length
    expect(host.do({ op: 'rmmod', module: 'mod' })).toBe(0)
    expect(host.log(from)).toEqual(['mod: exit', "livepatch: reverting patch 'a' on unloading module 'mod'"])
    expect(host.stack('pour', 'mod')).toEqual([])
    expect(host.state.patches[0]?.objects[0]?.patched).toBe(false)
    expect(host.insmod('mod')).toBe(0)
    expect(host.stack('pour', 'mod')).toEqual(['a'])
    expect(words(host)).toEqual([
      'a pre_patch',
      'a post_patch',
      'a pre_unpatch',
      'a post_unpatch',
      'a pre_patch',
      'a post_patch'
    ])
  })

  it('in the middle of a transition calls post_unpatch only', () => {
    const objects = [object('vmlinux', ['tea']), object('mod', ['pour'], { callbacks: true })]
    const host = new Host(mainline, [mod, livepatch('a', [], { objects })])
    host.insmod('mod')
    host.start(1)
    host.call(1, 'tea')
    host.insmod('a')
    host.do({ op: 'rmmod', module: 'mod' })
    expect(words(host)).toEqual(['a pre_patch', 'a post_unpatch'])
  })

  it('runs for a module whose own init fails, and calls its exit for none', () => {
    const probe = { ...mod, kprobe: { function: 'tea', postHandler: true } }
    const host = new Host(mainline, [
      probe,
      livepatch('a', [], { objects: [object('vmlinux', ['tea']), object('mod', ['pour'])] })
    ])
    host.insmod('a')
    const from = host.facts.length
    expect(host.insmod('mod')).toBe(-16)
    expect(host.log(from)).toEqual([
      "livepatch: applying patch 'a' to loading module 'mod'",
      'mod: init',
      "livepatch: reverting patch 'a' on unloading module 'mod'"
    ])
  })
})
