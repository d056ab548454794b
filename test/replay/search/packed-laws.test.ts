import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Violation } from '../../../src/replay/engine/violation.ts'
import { invariantsFor } from '../../../src/replay/invariants/catalogue.ts'
import { law, lawIds } from '../../../src/replay/search/packed-laws.ts'
import { moveName } from '../../../src/replay/search/packed-moves.ts'
import { smallScope } from '../../../src/replay/search/small-scope.ts'
import { policies, seeded } from '../../kernel/random-runs.ts'
import { Walk } from './packed-walks.ts'

const sizes = fc.record({
  policy: fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[])),
  patches: fc.integer({ min: 2, max: 4 }),
  functions: fc.integer({ min: 1, max: 3 }),
  tasks: fc.integer({ min: 0, max: 2 }),
  hooks: fc.integer({ min: 0, max: 2 }),
  callDepth: fc.integer({ min: 1, max: 2 })
})

describe('the predicates of the search', () => {
  it('see an invariant broken where the invariant itself does, and nowhere else', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), (size, seed) => {
        const { world, renamings } = smallScope(size)
        const ids = new Set<string>(lawIds)
        const invariants = invariantsFor(size.policy).filter(({ id }) => ids.has(id))
        const walk = new Walk(world, renamings, invariants)
        const draw = seeded(seed)
        for (let n = 0; n < 60 && walk.moves.count > 0; n += 1) {
          const { watch } = walk.run
          const known = watch.violations.length
          const wrongBefore = lasting(watch.violations)
          const { move, broken } = walk.step(draw)
          const begun = new Set(watch.violations.slice(known).map(({ invariant }) => invariant))
          const wrong = new Set([...wrongBefore, ...begun])
          const seen = lawIds.filter((id) => broken & law[id] && invariants.some((one) => one.id === id))
          const what = `${moveName(move)} at ${n}`
          expect(
            seen.filter((id) => !wrong.has(id)),
            `${what}: the search alone sees it`
          ).toEqual([])
          // What a program missed before is in the memory of K6 only, and a refusal is no move.
          const own = [...begun].filter((id) => id !== 'K6' && id !== 'O6-scope')
          expect(
            own.filter((id) => !(seen as string[]).includes(id)),
            `${what}: not seen`
          ).toEqual([])
        }
      }),
      { numRuns: 150 }
    )
  })
})

function lasting(violations: readonly Violation[]): string[] {
  return violations.filter((one) => one.lasting && one.toNs === null).map(({ invariant }) => invariant)
}
