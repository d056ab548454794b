import { type BugName, bugNames, kernelBugs, type Operation } from '../../../src/kernel/index.ts'
import type { Violation } from '../../../src/replay/index.ts'
import { hazardScopes, type Scope, searchOf } from './scopes.ts'
import { type Search, shortestRun, violationsOf } from './shortest-run.ts'
import { operationText } from './story.ts'

/** The shortest run in which a bug breaks its invariant; what it breaks with the bug, and without. */
export interface Caught {
  readonly bug: BugName
  readonly invariant: string
  readonly policy: string
  readonly path: readonly Operation[] | null
  readonly broken: readonly Violation[]
  readonly brokenWithout: readonly Violation[]
}

/** The shortest run in which a kernel without a bug breaks an invariant. */
export interface Hazard {
  readonly invariant: string
  readonly from: string
  readonly policy: string
  readonly path: readonly Operation[] | null
  readonly broken: readonly Violation[]
}

export function caught(bug: BugName, invariant: string, scope: Scope): Caught {
  const search = searchOf(scope, invariant, bug)
  const path = shortestRun(search)
  return {
    bug,
    invariant,
    policy: search.world.rules.name,
    path,
    broken: path === null ? [] : violationsOf(search, path, [bug]),
    brokenWithout: path === null ? [] : violationsOf(search, path, [])
  }
}

export function hazard(invariant: string): Hazard {
  const { from, ...scope } = hazardScopes[invariant] as (typeof hazardScopes)[string]
  const search: Search = searchOf(scope, invariant, null)
  const path = shortestRun(search)
  return {
    invariant,
    from,
    policy: search.world.rules.name,
    path,
    broken: path === null ? [] : violationsOf(search, path, [])
  }
}

/** docs/bugs.md between its marks: a line for each bug, and one for each hazard. */
export function tables(bugs: readonly Caught[], hazards: readonly Hazard[]): string {
  const rows = bugs.map(({ bug, invariant, policy, path }) => {
    const { origin, says } = kernelBugs[bug]
    return `| \`${bug}\` | ${origin ?? '-'} | ${says} | ${invariant} | ${policy} | ${storyOf(path)} |`
  })
  const hazardRows = hazards.map(
    ({ invariant, from, policy, path, broken }) =>
      `| ${invariant} | ${from} | ${policy} | ${storyOf(path)} | ${broken.find((one) => one.invariant === invariant)?.text ?? ''} |`
  )
  return [
    `## The ${bugNames.length} bugs`,
    '',
    '| Bug | Cured by, or named in | What the kernel does | Invariant | Policy | Shortest story |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## What breaks in a kernel without a bug',
    '',
    '| Invariant | Part | Policy | Shortest story | What is wrong |',
    '| --- | --- | --- | --- | --- |',
    ...hazardRows,
    ''
  ].join('\n')
}

function storyOf(path: readonly Operation[] | null): string {
  return path === null ? 'none found' : path.map(operationText).join('; ')
}
