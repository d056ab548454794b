import { describe, expect, test } from 'vitest'
import type { EventData } from '../../src/events/index.ts'
import type { KernelState } from '../../src/projections/index.ts'
import { begun, booted, completed, enabled, folded, type HandMade, patched, versions } from './hand-made.ts'

/** Whom a new patch takes over from, and in which order: B.3, B.8 and B.18, and the scenarios of E.6. */

type More = Partial<EventData<'patch.enabled'>>

const replacing = { replace: true }

/** An enable that nothing holds up. */
const settled = (ms: number, name: string, functions: readonly string[], more: More = {}): HandMade[] => [
  enabled(ms, name, functions, more),
  ...patched(ms + 1, name)
]

const replaced = (ms: number, patch: string, by: string): HandMade => [ms, 'patch.replaced', { patch, by }]

const nopsGone = (ms: number, patch: string): HandMade => [ms, 'nop.discarded', { patch, functions: null }]

function nopsOf(state: KernelState, name: string): string[] {
  const objects = state.patches.find((patch) => patch.name === name)?.objects ?? []
  return objects.flatMap((object) => object.functions.filter((func) => func.nop).map((func) => func.name))
}

function stackOf(state: KernelState, name: string): string[] {
  const entries = state.stacks.get(`vmlinux:${name},1`) ?? []
  return entries.map(({ patch, nop }) => (nop ? `nop of ${patch}` : patch))
}

function list(state: KernelState): string[] {
  return state.patches.map(({ name, enabled: is }) => `${name} ${is ? 'enabled' : 'disabled'}`)
}

describe('a replace, step by step', () => {
  const old = [booted('mainline'), ...settled(1, 'lp_old', ['f', 'g'])]
  const until = [...old, enabled(10, 'lp_new', ['f'], replacing), ...begun(11, 'lp_new')]

  test('for what only the old patch changes the new one has a nop', () => {
    const state = folded(...until)
    expect(nopsOf(state, 'lp_new')).toEqual(['g'])
    expect(stackOf(state, 'g')).toEqual(['nop of lp_new', 'lp_old'])
    expect(versions(state, 'g')).toEqual(['original', 'lp_old'])
  })

  test('first the old patch leaves the stacks, then the nops, and then the transition ends', () => {
    const first = folded(...until, replaced(20, 'lp_old', 'lp_new'))
    expect([stackOf(first, 'f'), stackOf(first, 'g')]).toEqual([['lp_new'], ['nop of lp_new']])
    expect(first.transition?.patch).toBe('lp_new')
    const second = folded(...until, replaced(20, 'lp_old', 'lp_new'), nopsGone(21, 'lp_new'))
    expect([stackOf(second, 'f'), stackOf(second, 'g')]).toEqual([['lp_new'], []])
    expect(nopsOf(second, 'lp_new')).toEqual([])
  })

  test('the old patch is off the list only behind the completion, and gone with its free work', () => {
    const done = [
      replaced(20, 'lp_old', 'lp_new'),
      nopsGone(21, 'lp_new'),
      completed(22, 'lp_new', 'patched')
    ]
    const before = folded(...until, ...done.slice(0, 2))
    expect(before.patches.map((patch) => patch.offList)).toEqual([false, false])
    const state = folded(...until, ...done)
    expect(list(state)).toEqual(['lp_old disabled', 'lp_new enabled'])
    expect(state.patches.map((patch) => patch.offList)).toEqual([true, false])
    const freed: HandMade = [30, 'patch.freed', { patch: 'lp_old' }]
    expect(list(folded(...until, ...done, freed))).toEqual(['lp_new enabled'])
  })

  test('an enable before that free work makes no nops for it', () => {
    const done = [
      replaced(20, 'lp_old', 'lp_new'),
      nopsGone(21, 'lp_new'),
      completed(22, 'lp_new', 'patched')
    ]
    const state = folded(...until, ...done, enabled(25, 'lp_next', [], replacing))
    expect(nopsOf(state, 'lp_next')).toEqual(['f'])
  })

  test('a patch that does not replace has no nops', () => {
    expect(nopsOf(folded(...old, enabled(10, 'lp_new', ['f'])), 'lp_new')).toEqual([])
  })

  test('where evidence lists the nops they are taken as it says', () => {
    const vmlinux = { name: 'vmlinux', functions: [{ name: 'h', sympos: 1, newName: null, nop: true }] }
    const told = { replace: true, objects: [vmlinux], nopsListed: true }
    expect(nopsOf(folded(...old, enabled(10, 'lp_new', [], told)), 'lp_new')).toEqual(['h'])
  })
})

describe('hybrid: what is not replaceable stays', () => {
  const keep = { replaceable: false }
  const yield_ = { replaceable: true }

  test('S1: a nop for the replaceable patch hides the one below it, until the completion', () => {
    const facts = [
      booted('hybrid'),
      ...settled(1, 'lp1', ['a'], keep),
      ...settled(10, 'lp2', ['a', 'b'], yield_),
      enabled(20, 'lp3', ['b'], { ...replacing, ...yield_ }),
      ...begun(21, 'lp3')
    ]
    const state = folded(...facts)
    expect(stackOf(state, 'a')).toEqual(['nop of lp3', 'lp2', 'lp1'])
    expect(versions(state, 'a')).toEqual(['original', 'lp2'])
    const done = [replaced(30, 'lp2', 'lp3'), nopsGone(31, 'lp3'), completed(32, 'lp3', 'patched')]
    expect(versions(folded(...facts, ...done), 'a')).toEqual(['lp1', 'lp1'])
    expect(list(folded(...facts, ...done))).toEqual(['lp1 enabled', 'lp2 disabled', 'lp3 enabled'])
  })

  test('no nop for what only a patch that is not replaceable changes: its version goes on', () => {
    const facts = [booted('hybrid'), ...settled(1, 'lp1', ['a'], keep), enabled(10, 'lp2', ['b'], replacing)]
    const state = folded(...facts, ...begun(11, 'lp2'))
    expect(nopsOf(state, 'lp2')).toEqual([])
    expect(versions(state, 'a')).toEqual(['lp1', 'lp1'])
  })

  test('S2: a new cumulative patch lands above it', () => {
    const facts = [
      booted('hybrid'),
      ...settled(1, 'lp_hook', ['a'], keep),
      ...settled(10, 'cum', ['a'], replacing)
    ]
    expect(stackOf(folded(...facts), 'a')).toEqual(['cum', 'lp_hook'])
  })

  test('S7: where no flag is set a replace replaces nothing', () => {
    const facts = [
      booted('hybrid'),
      ...settled(1, 'lp1', ['a'], keep),
      ...settled(10, 'lp2', ['a'], replacing)
    ]
    expect(list(folded(...facts))).toEqual(['lp1 enabled', 'lp2 enabled'])
    expect(nopsOf(folded(...facts), 'lp2')).toEqual([])
  })

  test('S3: a flag that was flipped counts from then on', () => {
    const marked: HandMade = [5, 'patch.marked', { patch: 'lp1', replaceable: true, actor: null }]
    const facts = [booted('hybrid'), ...settled(1, 'lp1', ['a'], keep), marked]
    expect(nopsOf(folded(...facts, enabled(10, 'lp2', ['b'], replacing)), 'lp2')).toEqual(['a'])
  })
})

describe('mainline and replace-set', () => {
  test('in mainline every older patch is in scope, also one that says that it is not replaceable', () => {
    const facts = [booted('mainline'), ...settled(1, 'lp1', ['a'], { replaceable: false })]
    expect(nopsOf(folded(...facts, enabled(10, 'lp2', ['b'], replacing)), 'lp2')).toEqual(['a'])
  })

  test('S8: in replace-set a patch replaces its own set, and no other', () => {
    const facts = [
      booted('replace-set'),
      ...settled(1, 'set0', ['a'], { replace: null, replaceSet: 0 }),
      ...settled(10, 'set1', ['b'], { replace: null, replaceSet: 1 }),
      enabled(20, 'next0', ['c'], { replace: null, replaceSet: 0 })
    ]
    const state = folded(...facts, ...begun(21, 'next0'))
    expect(nopsOf(state, 'next0')).toEqual(['a'])
    expect(versions(state, 'b')).toEqual(['set1', 'set1'])
    expect(state.doubt.patches).toBeNull()
  })

  test('where nobody knows whether a patch replaces, answers are unsure', () => {
    const facts = [booted('mainline'), ...settled(1, 'lp1', ['a'])]
    expect(folded(...facts, enabled(10, 'lp2', ['b'], { replace: null })).doubt.patches?.reason).toContain(
      'whether lp2 replaces'
    )
  })
})
