import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type BugName, bugNames, kernelBugs } from '../../src/kernel/index.ts'
import { invariants, type Violation } from '../../src/replay/index.ts'
import { type Caught, caught, type Hazard, hazard, tables } from './bugs/bug-table.ts'
import { bugScopes, hazardScopes, moreScopes } from './bugs/scopes.ts'

const page = fileURLToPath(new URL('../../docs/bugs.md', import.meta.url))
const mark =
  '<!-- What follows is written by the test of this page: UPDATE_DOCS=1 npx vitest run test/replay/bugs.test.ts -->'

const bugs: Caught[] = []
const hazards: Hazard[] = []

const searched = [
  ...bugNames.map((bug) => ({ bug, invariant: kernelBugs[bug].breaks, scope: bugScopes[bug] })),
  ...moreScopes.map(({ bug, invariant, ...scope }) => ({ bug, invariant, scope }))
]

describe('with its switch on, and not without it', () => {
  it.each(searched)('$bug breaks $invariant', ({ bug, invariant, scope }) => {
    const found = caught(bug, invariant, scope)
    bugs.push(found)
    expect(found.path).not.toBeNull()
    // The whole catalogue sees what the one invariant saw in the search, and it is a promise of the policy.
    expect(promises(found.broken)).toContain(invariant)
    expect(promises(found.brokenWithout)).toEqual([])
  })
})

function promises(broken: readonly Violation[]): string[] {
  return broken.filter(({ promised }) => promised).map(({ invariant }) => invariant)
}

describe('without a bug', () => {
  it.each(Object.keys(hazardScopes))('%s breaks all the same', (invariant) => {
    const found = hazard(invariant)
    hazards.push(found)
    expect(found.broken.map((one) => one.invariant)).toContain(invariant)
  })
})

describe('together', () => {
  it('they break every invariant: a check that cannot fail is none', () => {
    const broken = new Set(
      [...bugs, ...hazards].flatMap((one) => one.broken.map(({ invariant }) => invariant))
    )
    expect(invariants.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([])
  })

  it('are what the invariants say that broke them', () => {
    const isBug = (name: string): name is BugName => (bugNames as readonly string[]).includes(name)
    const breaking = new Set(
      bugs.flatMap(({ bug, broken }) => broken.map(({ invariant }) => `${bug} ${invariant}`))
    )
    const said = invariants.flatMap(({ id, brokenBy }) => brokenBy.filter(isBug).map((bug) => `${bug} ${id}`))
    expect(said.filter((one) => !breaking.has(one))).toEqual([])
    expect(bugNames.filter((bug) => !said.includes(`${bug} ${kernelBugs[bug].breaks}`))).toEqual([])
  })

  it('are what docs/bugs.md lists', () => {
    const text = readFileSync(page, 'utf8')
    const head = text.slice(0, text.indexOf(mark) + mark.length)
    const wanted = `${head}\n\n${tables(bugs, hazards)}`
    if (process.env.UPDATE_DOCS !== undefined) writeFileSync(page, wanted)
    expect(readFileSync(page, 'utf8')).toBe(wanted)
  })
})
