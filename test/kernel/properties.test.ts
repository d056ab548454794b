import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/events/index.ts'
import { decide, enabledOperations } from '../../src/kernel/index.ts'
import { decodeState, encodeState } from '../../src/projections/index.ts'
import { type Invariant, invariants } from '../../src/replay/index.ts'
import { illegalOperations } from './illegal-operations.ts'
import { policies, type RunOptions, randomRun, randomWorld, seeded } from './random-runs.ts'

/** Behind a flip of `replaceable` in mid-transition hybrid keeps little: the search below shows what breaks. */
const calm: RunOptions = { flips: false, forces: true, illegal: 15 }

/** A seed, and how many operations; only the number shrinks. */
const runs = fc.tuple(fc.noShrink(fc.nat()), fc.integer({ min: 1, max: 60 }))

/**
 * A force of a replacing patch whose disable was reversed pins patches that came after it, which it does not remove;
 * a force of one that does not replace pins nobody, whoever it leaves in the code beneath. Both are mainline's own.
 */
const behindForce = ['F2', 'F3']

/**
 * What a policy promises and its kernel does not keep, however calm the run: the RFC's own hazards, and the winner
 * on an original function, which no kernel has settled.
 */
const unkept: Readonly<Record<Policy, readonly string[]>> = {
  mainline: ['K8', ...behindForce],
  hybrid: ['K8', 'F3', 'S5', 'S6', 'S8', 'S15', 'F2', 'O6-scope', 'K6'],
  'replace-set': ['K8']
}

/** 7.2.13 lets a kprobe's registration succeed that could not arm it. */
function keptBy(policy: Policy, { unarmedKprobeSucceeds }: { unarmedKprobeSucceeds: boolean }): Invariant[] {
  const broken = [...unkept[policy], ...(unarmedKprobeSucceeds ? ['K4'] : [])]
  return invariants.filter(({ id, holds }) => holds.includes(policy) && !broken.includes(id))
}

describe.each(Object.keys(policies) as Policy[])('random runs of %s', (policy) => {
  it('keep what the semantics promise, and the fold of the facts is the state', () => {
    fc.assert(
      fc.property(runs, ([seed, length]) => {
        const { traits } = randomWorld(policy, seeded(seed)).world
        const random = randomRun(policy, seeded(seed), length, calm, keptBy(policy, traits))
        expect(encodeState(random.folded)).toBe(encodeState(random.state))
        expect(random.broken).toEqual([])
      }),
      { numRuns: 400 }
    )
  })

  it('that nobody forces keep those too that a force breaks', () => {
    const unforced = invariants.filter(({ id }) => behindForce.includes(id))
    fc.assert(
      fc.property(runs, ([seed, length]) => {
        const options = { ...calm, forces: false }
        expect(randomRun(policy, seeded(seed), length, options, unforced).broken).toEqual([])
      }),
      { numRuns: 150 }
    )
  })
})

describe.each(Object.keys(policies) as Policy[])('operations of %s', (policy) => {
  it('that the state leaves open succeed, but for loads; those that it refuses give an errno', () => {
    fc.assert(
      fc.property(runs, ([seed, length]) => {
        const draw = seeded(seed)
        const { state, world } = randomRun(policy, draw, length, calm)
        for (const operation of illegalOperations(state, world)) {
          const { ret } = decide(state, operation, world, state.uptimeNs)
          expect(`${JSON.stringify(operation)} ${ret < 0}`).toBe(`${JSON.stringify(operation)} true`)
        }
        const open = enabledOperations(state, world, randomWorld(policy, seeded(seed)).offers)
        for (const operation of open) {
          const { ret, facts } = decide(state, operation, world, state.uptimeNs)
          const isLoad = operation.op === 'insmod' && ret < 0
          if (!isLoad) expect(`${JSON.stringify(operation)} ${ret}`).toBe(`${JSON.stringify(operation)} 0`)
          expect(facts.length).toBeGreaterThan(0)
        }
        expect(enabledOperations(decodeState(encodeState(state)), world)).toEqual(
          enabledOperations(state, world)
        )
      }),
      { numRuns: 60 }
    )
  })
})

describe('a search by random runs', () => {
  const hazards = ['S5', 'S6', 'S8', 'S9', 'T5', 'T7', 'F2', 'O6-scope']
  const wild: RunOptions = { flips: true, forces: true, illegal: 0 }

  /** The laws of hybrid's hazards that the same number of runs finds broken under a policy. */
  function brokenUnder(policy: Policy): string[] {
    const searched = invariants.filter(({ id, applies }) => hazards.includes(id) && applies.includes(policy))
    const broken = new Set<string>()
    for (let seed = 1; seed <= 250; seed += 1) {
      const { run } = randomRun(policy, seeded(seed), 60, wild, searched)
      for (const { invariant } of run.watch.violations) broken.add(invariant)
    }
    return [...broken].toSorted()
  }

  it('finds each hazard of hybrid', () => {
    expect(brokenUnder('hybrid')).toEqual(hazards.toSorted())
  })

  it.each(['mainline', 'replace-set'] as const)('finds none of them in %s', (policy) => {
    expect(brokenUnder(policy)).toEqual([])
  })
})
