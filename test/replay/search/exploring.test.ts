import { describe, expect, it } from 'vitest'
import type { Policy } from '../../../src/events/index.ts'
import {
  type Counterexample,
  invariantsFor,
  type LawId,
  type MoveName,
  readScenario,
  retrace,
  runScenario,
  Search,
  shrink,
  smallScope,
  toScenario
} from '../../../src/replay/index.ts'

const scope = { patches: 3, functions: 2, tasks: 1, hooks: 1, callDepth: 1 }

interface Options {
  readonly depth?: number
  readonly without?: readonly MoveName[]
  readonly size?: Partial<typeof scope>
}

function explore(policy: Policy, { depth = 1000, without = [], size = {} }: Options = {}): Search {
  const { world, renamings } = smallScope({ policy, ...scope, ...size })
  const search = new Search(world, renamings, { depth, states: 10_000_000, without })
  while (search.run(100_000));
  return search
}

/** The shortest ways by invariant, each confirmed by the invariant on the model. */
function ways(search: Search): ReadonlyMap<LawId, Counterexample> {
  return new Map(search.breaks.map((one) => [one.law, retrace(search, one)]))
}

function stepsOf(found: ReadonlyMap<LawId, Counterexample>): Record<string, number> {
  return Object.fromEntries([...found].map(([id, { steps }]) => [id, steps]))
}

/** What is done in a way, by the operations' names. */
function operationsOf({ course }: Counterexample): string[] {
  return course.operations.map(({ operation }) => operation.op).filter((op) => op !== 'start-task')
}

describe('hybrid, from an empty machine', () => {
  const found = ways(explore('hybrid', { depth: 6 }))

  it('finds the hazards of the RFC by itself, each by its shortest way', () => {
    expect(stepsOf(found)).toEqual({
      'O6-scope': 2, // the refused state
      S15: 3, // the shadow
      K6: 3,
      T5: 3, // the consistency break of lp1, lp2, lp3
      S5: 3,
      S6: 3,
      S8: 3, // the nop over a hook
      F2: 4, // the forced bystander
      S9: 6 // the flipped flag
    })
  })

  it('tells of lp1, lp2 and lp3: an older patch comes up again when a nop goes', () => {
    const story = found.get('T5') as Counterexample
    expect(operationsOf(story)).toEqual(['insmod', 'insmod', 'insmod'])
    const [lp1, lp2, lp3] = [...story.course.world.modules.values()].map(({ patch }) => patch)
    expect([lp1?.replaceable, lp2?.replaceable, lp3?.replace]).toEqual([false, true, true])
  })

  it('tells of the flag that is flipped while a transition waits for a task', () => {
    expect(operationsOf(found.get('S9') as Counterexample)).toEqual([
      'insmod',
      'call',
      'insmod',
      'write-replaceable',
      'return',
      'try'
    ])
  })

  it('leaves no step that could be left out', () => {
    for (const { course, violation, invariant } of found.values()) {
      const small = shrink(course, violation, [invariant])
      expect(operations(small?.operations)).toBe(operations(course.operations))
    }
  })

  it('gives scenarios that run', () => {
    for (const { course, violation } of found.values()) {
      const text = toScenario(course, { title: violation.text, story: violation.invariant })
      expect(runScenario(readScenario(text, () => '')).steps).toHaveLength(operations(course.operations))
    }
  })
})

function operations(all: Counterexample['course']['operations'] = []): number {
  return all.filter(({ operation }) => operation.op !== 'start-task').length
}

describe('replace-set, in the same scope, exhausted', () => {
  const search = explore('replace-set')

  it('breaks nothing that it promises', () => {
    expect(search.isExhausted).toBe(true)
    const promised = new Set(
      invariantsFor('replace-set')
        .filter(({ holds }) => holds.includes('replace-set'))
        .map(({ id }) => id)
    )
    expect(search.invariants.filter(({ id }) => promised.has(id)).length).toBeGreaterThan(5)
    expect([...ways(search).keys()].filter((id) => promised.has(id))).toEqual([])
  })

  it('shadows a hook for as long as its own set is replaced, and loses it then', () => {
    expect(stepsOf(ways(search))).toEqual({ S15: 3, K6: 3 })
  })
})

describe('mainline', () => {
  it('breaks nothing that it promises while nobody forces, and has the gap until a program is attached again', () => {
    const search = explore('mainline', { without: ['force'] })
    expect(search.isExhausted).toBe(true)
    const found = ways(search)
    expect(stepsOf(found)).toEqual({ S15: 3, K6: 3 })
    expect([...found.values()].filter(({ violation }) => violation.promised)).toEqual([])
    expect(operationsOf(found.get('K6') as Counterexample)).toEqual(['insmod', 'attach', 'insmod'])
  })

  it('has two holes behind a force: it pins who came later, and not whose code a task is left in', () => {
    const found = ways(explore('mainline', { depth: 8, size: { hooks: 0 } }))
    expect(stepsOf(found)).toEqual({ F2: 6, F3: 8 })
    expect(operationsOf(found.get('F3') as Counterexample)).toEqual([
      'insmod',
      'call',
      'insmod',
      'force',
      'try',
      'insmod',
      'free',
      'rmmod'
    ])
  })
})

describe('a search', () => {
  it('is the same every time', () => {
    const size = { patches: 2, hooks: 0, tasks: 2 }
    const [one, other] = [explore('hybrid', { depth: 4, size }), explore('hybrid', { depth: 4, size })]
    expect([one.table.count, one.transitions, one.breaks]).toEqual([
      other.table.count,
      other.transitions,
      other.breaks
    ])
  })

  it('tells what was never done and never refused', () => {
    const search = explore('mainline', { size: { patches: 1, functions: 1 }, without: ['detach'] })
    expect([search.untaken, search.unmet]).toEqual([
      ['detach'],
      ['insmod EINVAL', 'insmod EBUSY', 'disable EBUSY']
    ])
  })
})
