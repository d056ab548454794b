import { describe, expect, test } from 'vitest'
import type { Policy } from '../../src/events/index.ts'
import { isSyscallEntry, linux612, type ModuleSpec, type World } from '../../src/kernel/index.ts'
import { encodeState, type KernelState } from '../../src/projections/index.ts'
import { manifestModules, type Preflight, preflight, rulesOf } from '../../src/replay/index.ts'
import { attached, begun, booted, enabled, folded, type HandMade, patched } from '../projections/hand-made.ts'

type Entry = Parameters<typeof manifestModules>[0][string]

/** The patch that is about to be rolled out: it changes these functions of vmlinux. */
function update(functions: readonly string[], more: Entry = {}): ModuleSpec {
  const changed = functions.map((name) => ({ old: name, new: `update_${name}` }))
  const entry = { replace: true, replaceable: true, objects: [{ functions: changed }], ...more }
  return manifestModules({ update: entry }).specs.get('update') as ModuleSpec
}

function tell(state: KernelState, spec: ModuleSpec): Preflight {
  const world: World = {
    rules: rulesOf[state.policy as Policy],
    traits: linux612,
    modules: new Map(),
    symbolCounts: new Map(),
    isErrorInjectable: isSyscallEntry
  }
  return preflight(state, spec, world)
}

/** A patch that is enabled, with its transition behind it. */
function installed(ms: number, patch: string, functions: string[], more: Parameters<typeof enabled>[3] = {}) {
  return [enabled(ms, patch, functions, { replaceable: true, ...more }), ...patched(ms + 1, patch)]
}

const hook: HandMade[] = [
  ...installed(20, 'hook', ['f'], { replaceable: false }),
  attached(30, 'hook', 'hook_f')
]

describe('a patch that touches nobody', () => {
  test('is fine, and the state that it was tried on is as it was', () => {
    const state = folded(booted('hybrid'), ...hook)
    const before = folded(booted('hybrid'), ...hook)
    expect(tell(state, update(['g']))).toEqual({
      verdict: 'fine',
      refused: null,
      hooks: [],
      invariants: [],
      instead: [],
      unsure: []
    })
    expect(encodeState(state)).toBe(encodeState(before))
  })

  test('is there already', () => {
    const state = folded(booted('mainline'), ...installed(10, 'update', ['g'], { replace: true }))
    expect(tell(state, update(['g']))).toMatchObject({ verdict: 'present', refused: null })
  })
})

describe('a program that calls would not reach', () => {
  test('is bypassed while a nop for an older patch lies over it', () => {
    const state = folded(booted('hybrid'), ...installed(10, 'base', ['f']), ...hook)
    const told = tell(state, update(['g']))
    expect(told).toMatchObject({
      verdict: 'at-risk',
      hooks: [{ program: 'prog', module: 'hook', function: 'hook_f', effect: 'bypassed' }]
    })
    expect(told.invariants.map(({ invariant }) => invariant)).toContain('S5')
    expect(told.instead).toEqual([
      'make base not replaceable first (echo 0 > /sys/kernel/livepatch/base/replaceable)',
      'build update without replace',
      'disable base first (echo 0 > /sys/kernel/livepatch/base/enabled)'
    ])
  })

  test('is shadowed by a version of its function, and may go to that one', () => {
    const told = tell(folded(booted('hybrid'), ...hook), update(['f', 'g']))
    expect(told.hooks).toMatchObject([{ effect: 'shadowed', reason: "update's version lies over hook's" }])
    expect(told.instead).toEqual([
      'attach prog to update:update_f before it is enabled (a tracefs kprobe event MODULE:SYMBOL is armed when the module comes)',
      'leave f out of update'
    ])
  })

  test('is lost when its patch is replaced, unless that one is not replaceable, or nothing replaces it', () => {
    const owner = [...installed(20, 'hook', ['f']), attached(30, 'hook', 'hook_f')]
    const withoutReplace = 'build update without replace'
    const mainline = tell(folded(booted('mainline'), ...owner), update(['g']))
    expect(mainline.hooks).toMatchObject([{ effect: 'lost', reason: 'update replaced hook' }])
    expect(mainline.instead).toEqual([withoutReplace])
    expect(tell(folded(booted('hybrid'), ...owner), update(['g'])).instead).toEqual([
      'make hook not replaceable first (echo 0 > /sys/kernel/livepatch/hook/replaceable)',
      withoutReplace
    ])
    expect(tell(folded(booted('replace-set'), ...owner), update(['g'])).instead).toEqual([
      'give update a replace set of its own'
    ])
  })

  test('may override only what is on the error-injection list, which the advice says', () => {
    const owner = [...installed(20, 'hook', ['f']), attached(30, 'hook', 'hook_f', { overrides: true })]
    const [advice] = tell(folded(booted('mainline'), ...owner), update(['f'])).instead
    expect(advice).toContain('attach prog to update:update_f')
    expect(advice).toContain('error-injection list')
    const listed = update(['f'], { error_injectable: true })
    expect(tell(folded(booted('mainline'), ...owner), listed).instead[0]).not.toContain(
      'error-injection list'
    )
  })

  test('that no call reaches today is not at risk', () => {
    const over = installed(40, 'over', ['f'], { replaceable: false })
    expect(tell(folded(booted('hybrid'), ...hook, ...over), update(['g']))).toMatchObject({ hooks: [] })
  })
})

describe('a patch that the kernel refuses', () => {
  const stateful = installed(10, 'old', ['f'], { replaceable: false, states: [{ id: 7, version: 2 }] })

  test('for a state that it does not carry on', () => {
    const told = tell(
      folded(booted('hybrid'), ...stateful),
      update(['g'], { states: [{ id: 7, version: 1 }] })
    )
    expect(told.verdict).toBe('refused')
    expect(told.refused).toEqual({
      errno: 22,
      why: 'Livepatch patch (update) is not compatible with the already installed livepatches. old has state 7 in version 2, which update has in version 1'
    })
    expect(told.instead[0]).toBe('have update carry on state 7 in version 2 or newer')
  })

  test('for a function of another set', () => {
    const state = folded(booted('replace-set'), ...installed(10, 'old', ['f'], { replaceSet: 1 }))
    const told = tell(state, update(['f', 'g']))
    expect(told.refused?.why).toContain('old of another set changes f too')
    expect(told.instead).toEqual([
      'leave f out of update',
      'give update the replace set 1 of old',
      'disable old first (echo 0 > /sys/kernel/livepatch/old/enabled)'
    ])
  })

  test('for a transition under way: what would come behind it is told too', () => {
    const state = folded(
      booted('hybrid'),
      ...hook,
      enabled(40, 'slow', ['h'], { replaceable: true }),
      ...begun(41, 'slow')
    )
    const told = tell(state, update(['f', 'g']))
    expect(told.refused).toEqual({ errno: 16, why: 'the transition of slow is under way' })
    expect(told.hooks).toMatchObject([{ effect: 'shadowed' }])
    expect(told.instead).toContain('wait until the transition of slow has completed')
    expect(told.instead).toContain('leave f out of update')
  })

  test('for a module of its name that is there', () => {
    const other = [
      [5, 'module.loaded', { module: 'update', livepatch: true, actor: null }] as HandMade,
      ...installed(10, 'update', ['f'])
    ]
    const told = tell(folded(booted('mainline'), ...other), update(['g']))
    expect(told.refused).toEqual({ errno: 17, why: 'a module update is loaded already, and enabled' })
    expect(told.instead).toEqual([
      'disable the update that is there and remove its module first (rmmod update)'
    ])
  })
})

describe('what nobody told', () => {
  test('makes the answer unsure', () => {
    const lost: HandMade = [50, 'evidence.lost', { count: 3, reason: 'ring buffer overrun' }]
    const unknown = enabled(10, 'old', [], { objects: null })
    const { unsure } = tell(folded(booted('mainline'), unknown, ...patched(11, 'old'), lost), update(['g']))
    expect(unsure.join('\n')).toContain('ring buffer overrun')
    expect(unsure.join('\n')).toContain('nothing tells what old changes')
  })
})
