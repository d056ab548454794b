import { describe, expect, test } from 'vitest'
import {
  begun,
  booted,
  completed,
  disabling,
  enabled,
  folded,
  type HandMade,
  patched,
  versions
} from './hand-made.ts'

/** Which version a call runs: klp_ftrace_handler(), by examples. First tasks at the goal, then the others. */

const a = [booted('mainline'), enabled(1, 'lp_a', ['f']), ...patched(2, 'lp_a')]

describe('klp_ftrace_handler()', () => {
  test('a function that nobody patches runs as it is', () => {
    expect(versions(folded(booted('mainline')), 'f')).toEqual(['original', 'original'])
  })

  test('outside of a transition every task runs the top of the stack', () => {
    expect(versions(folded(...a), 'f')).toEqual(['lp_a', 'lp_a'])
  })

  test('in an enable a task runs what lies below until it has switched: here the original', () => {
    const state = folded(booted('mainline'), enabled(1, 'lp_a', ['f']), ...begun(2, 'lp_a'))
    expect(versions(state, 'f')).toEqual(['lp_a', 'original'])
  })

  test('and here the patch before', () => {
    const state = folded(...a, enabled(10, 'lp_b', ['f']), ...begun(11, 'lp_b'))
    expect(versions(state, 'f')).toEqual(['lp_b', 'lp_a'])
  })

  test('between klp_patch_object() and the start nothing has changed for anybody', () => {
    const pushed = begun(11, 'lp_b').slice(0, 1)
    const state = folded(...a, enabled(10, 'lp_b', ['f']), ...pushed)
    expect(versions(state, 'f')[1]).toBe('lp_a')
  })

  test('in a disable a task runs the patch until it has switched', () => {
    expect(versions(folded(...a, ...disabling(10, 'lp_a')), 'f')).toEqual(['original', 'lp_a'])
  })

  test('only the flag of the top entry counts: a deeper one in transition changes nothing', () => {
    const b = [enabled(10, 'lp_b', ['f']), ...patched(11, 'lp_b')]
    const state = folded(...a, ...b, ...disabling(20, 'lp_a'))
    expect(versions(state, 'f')).toEqual(['lp_b', 'lp_b'])
    const gone = folded(...a, ...b, ...disabling(20, 'lp_a'), completed(25, 'lp_a', 'unpatched'))
    expect(versions(gone, 'f')).toEqual(['lp_b', 'lp_b'])
  })

  test('a nop runs the original, whatever lies below it', () => {
    const replacing = [enabled(10, 'lp_b', ['g'], { replace: true }), ...begun(11, 'lp_b')]
    expect(versions(folded(...a, ...replacing), 'f')).toEqual(['original', 'lp_a'])
  })

  test('sympos 0 and 1 name the same function', () => {
    const zero = { name: 'f', sympos: 0, newName: null, nop: false }
    const objects = [{ name: 'vmlinux', functions: [zero] }]
    const state = folded(...a, enabled(10, 'lp_b', [], { objects }), ...begun(11, 'lp_b'))
    expect(versions(state, 'f')).toEqual(['lp_b', 'lp_a'])
  })
})

describe('a target module', () => {
  const target = { name: 'mod', functions: [{ name: 'f', sympos: 1, newName: 'lp_f', nop: false }] }
  const stack = (...facts: readonly HandMade[]) => folded(...facts).stacks.get('mod:f,1')
  const lp = enabled(1, 'lp', [], { objects: [target] })
  const without = [booted('mainline'), lp, ...patched(2, 'lp').slice(1)]
  const coming = (ms: number): HandMade[] => [
    [ms, 'module.loaded', { module: 'mod', livepatch: false, actor: null }],
    [ms + 1, 'object.patched', { patch: 'lp', object: 'mod' }]
  ]
  const going = (ms: number): HandMade[] => [
    [ms, 'module.going', { module: 'mod', actor: null }],
    [ms + 1, 'object.unpatched', { patch: 'lp', object: 'mod', nopsOnly: false, functions: null }],
    [ms + 2, 'module.unloaded', { module: 'mod', reason: 'removed' }]
  ]

  test('that is not there has nothing patched in it', () => {
    const state = folded(...without)
    expect(stack(...without)).toBeUndefined()
    expect(state.patches[0]?.objects[0]?.patched).toBe(false)
  })

  test('is patched when it comes, for all tasks at once, and unpatched when it goes', () => {
    expect(stack(...without, ...coming(10))).toEqual([{ patch: 'lp', newName: 'lp_f', nop: false }])
    expect(folded(...without, ...coming(10)).transition).toBeNull()
    expect(stack(...without, ...coming(10), ...going(20))).toBeUndefined()
    expect(stack(...without, ...coming(10), ...going(20), ...coming(30))).toHaveLength(1)
  })

  test('that comes during the transition joins it', () => {
    const state = folded(...without.slice(0, -1), ...coming(10))
    expect(state.transition?.patch).toBe('lp')
    const [own] = state.stacks.get('mod:f,1') ?? []
    expect(own?.patch).toBe(state.transition?.patch)
  })

  test('whose end alone was seen is unpatched all the same', () => {
    const last = going(20).slice(-1)
    const state = folded(...without, ...coming(10), ...last)
    expect(state.stacks.size).toBe(0)
    expect(state.patches[0]?.objects[0]?.patched).toBe(false)
  })
})
