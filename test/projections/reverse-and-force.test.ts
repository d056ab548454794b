import { describe, expect, test } from 'vitest'
import type { Goal } from '../../src/events/index.ts'
import { type KernelState, runsOf } from '../../src/projections/index.ts'
import { patchStateIn } from '../support/patch-state.ts'
import {
  begun,
  booted,
  completed,
  disabling,
  enabled,
  folded,
  type HandMade,
  handMade,
  patched,
  STREAM,
  switched,
  versions
} from './hand-made.ts'

/** Who is where when a transition turns round (B.11), and when it is forced (B.13). */

const reversed = (ms: number, goal: Goal): HandMade[] => [
  [ms, 'transition.reversed', { patch: 'lp', goal }],
  [ms + 1, 'transition.started', { patch: 'lp', goal }]
]

const forced = (ms: number, goal: Goal): HandMade => [
  ms,
  'transition.forced',
  { patch: 'lp', goal, actor: null }
]

const blocked = (ms: number, goal: Goal, pid: number): HandMade => [
  ms,
  'task.blocked',
  { patch: 'lp', goal, pid, comm: `task-${pid}`, reason: 'sleeping', function: 'f' }
]

/** lp is being enabled: task 1 has switched, tasks 2 and 3 have not. */
const half = [booted('mainline'), enabled(1, 'lp', ['f']), ...begun(2, 'lp'), switched(5, 'lp', 'patched', 1)]

function states(state: KernelState): number[] {
  return [1, 2, 3].map((pid) => patchStateIn(state, pid))
}

/** What a task runs at a time, and whether that is sure. */
async function ran(facts: readonly HandMade[], pid: number, ms: number) {
  const log = await handMade(facts)
  const runs = await runsOf(log, STREAM, 'f', pid)
  await log.dispose()
  const ns = BigInt(ms) * 1_000_000n
  const run = runs.find((one) => one.fromNs <= ns && (one.toNs === null || ns < one.toNs))
  return { version: run?.version, sure: run?.unsure === null }
}

describe('an enable that is reversed', () => {
  test('who had switched has to go back, all others are there', () => {
    expect(states(folded(...half))).toEqual([1, 0, 0])
    expect(states(folded(...half, ...reversed(10, 'unpatched')))).toEqual([1, 0, 0])
    const back = [...half, ...reversed(10, 'unpatched'), switched(12, 'lp', 'unpatched', 1)]
    expect(states(folded(...back))).toEqual([0, 0, 0])
  })

  test('the patch is disabled, and gone from the stacks when all are back', () => {
    const facts = [...half, ...reversed(10, 'unpatched'), switched(12, 'lp', 'unpatched', 1)]
    expect(folded(...facts).patches[0]?.enabled).toBe(false)
    const end = folded(...facts, completed(20, 'lp', 'unpatched'))
    expect(versions(end, 'f')).toEqual(['original', 'original'])
    expect(end.patches[0]?.offList).toBe(true)
  })

  test('each task ran the patch exactly while it had switched', async () => {
    const facts = [
      ...half,
      blocked(6, 'patched', 2),
      ...reversed(10, 'unpatched'),
      switched(12, 'lp', 'unpatched', 1),
      completed(20, 'lp', 'unpatched')
    ]
    expect(await ran(facts, 1, 7)).toEqual({ version: 'lp', sure: true })
    expect(await ran(facts, 1, 15)).toEqual({ version: 'original', sure: true })
    expect(await ran(facts, 2, 7)).toEqual({ version: 'original', sure: true })
    expect(await ran(facts, 2, 15)).toEqual({ version: 'original', sure: true })
  })

  test('reversed once more, all but those who had not gone back yet have to turn round', () => {
    const twice = [...half, switched(6, 'lp', 'patched', 2), ...reversed(10, 'unpatched')]
    const back = switched(12, 'lp', 'unpatched', 2)
    const state = folded(...twice, back, ...reversed(15, 'patched'))
    expect(states(state)).toEqual([1, 0, 0])
    expect(state.patches[0]?.enabled).toBe(true)
    const on = [switched(17, 'lp', 'patched', 2), switched(18, 'lp', 'patched', 3)]
    expect(states(folded(...twice, back, ...reversed(15, 'patched'), ...on))).toEqual([1, 1, 1])
  })
})

describe('a disable that is reversed', () => {
  const settled = [booted('mainline'), enabled(1, 'lp', ['f']), ...patched(2, 'lp')]

  test('ends with the patch enabled, and every task on it', () => {
    const facts = [
      ...settled,
      ...disabling(10, 'lp'),
      switched(12, 'lp', 'unpatched', 1),
      ...reversed(15, 'patched')
    ]
    expect(states(folded(...facts))).toEqual([0, 1, 1])
    const end = folded(...facts, switched(17, 'lp', 'patched', 1), completed(20, 'lp', 'patched'))
    expect(end.patches[0]).toMatchObject({ enabled: true, offList: false })
    expect(versions(end, 'f')).toEqual(['lp', 'lp'])
  })
})

describe('a task that a transition waits for', () => {
  test('runs the old version for as long as it is only found blocked', async () => {
    const facts = [...half, blocked(6, 'patched', 2), blocked(60, 'patched', 2)]
    expect(await ran(facts, 2, 60)).toEqual({ version: 'original', sure: true })
    expect(await ran(facts, 1, 60)).toEqual({ version: 'lp', sure: true })
  })

  test('whose switch no event shows had it done when the transition was completed, which is not sure', async () => {
    const facts = [...half, blocked(6, 'patched', 2), completed(60, 'lp', 'patched')]
    expect(await ran(facts, 2, 50)).toEqual({ version: 'original', sure: false })
    expect(await ran(facts, 2, 70)).toEqual({ version: 'lp', sure: true })
  })
})

describe('a force', () => {
  test('takes along every task that is still behind, at its own time', async () => {
    const facts = [...half, blocked(6, 'patched', 2), forced(20, 'patched'), completed(30, 'lp', 'patched')]
    expect(await ran(facts, 2, 15)).toEqual({ version: 'original', sure: true })
    expect(await ran(facts, 2, 25)).toEqual({ version: 'lp', sure: true })
    expect(states(folded(...facts.slice(0, -1)))).toEqual([1, 1, 1])
  })

  test('is over with a reverse: all have to go back', () => {
    const state = folded(...half, forced(20, 'patched'), ...reversed(25, 'unpatched'))
    expect(states(state)).toEqual([1, 1, 1])
    expect(state.transition).toMatchObject({ forcedNs: null, goal: 'unpatched' })
  })

  test('that is repeated counts from the first time', () => {
    const state = folded(...half, forced(20, 'patched'), forced(25, 'patched'))
    expect(state.transition?.forcedNs).toBe(20_000_000n)
  })

  test('pins the patches that it names; with its free work such a module is pinned for good', () => {
    const pinned: HandMade = [21, 'patch.pinned', { patch: 'lp', by: 'lp' }]
    const off = [booted('mainline'), enabled(1, 'lp', ['f']), ...patched(2, 'lp'), ...disabling(10, 'lp')]
    const forcedOff = [...off, forced(20, 'unpatched'), pinned]
    expect(folded(...forcedOff).patches[0]?.forced).toBe(true)
    const end: HandMade[] = [completed(30, 'lp', 'unpatched'), [31, 'patch.freed', { patch: 'lp' }]]
    expect(folded(...forcedOff, ...end).modules.get('lp')?.pinned).toBe(true)
    expect(folded(...off, ...end).modules.get('lp')?.pinned).toBe(false)
  })
})
