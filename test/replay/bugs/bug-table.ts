import { type BugName, kernelBugs, type Operation } from '../../../src/kernel/index.ts'
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

/** What docs/bugs.md has under its mark: a line for each bug, for what else some of them break, for each hazard. */
export function tables(bugs: readonly Caught[], hazards: readonly Hazard[]): string {
  const isOwn = ({ bug, invariant }: Caught) => kernelBugs[bug].breaks === invariant
  return [
    '## Each bug and the invariant that catches it',
    '',
    '| Bug | Cured by, or named in | What the kernel does | Invariant | Policy | Shortest story |',
    '| --- | --- | --- | --- | --- | --- |',
    ...bugs.filter(isOwn).map((one) => {
      const { origin, says } = kernelBugs[one.bug]
      return `| \`${one.bug}\` | ${origin ?? '-'} | ${says} | ${endOf(one)}`
    }),
    '',
    '## What else some of them break',
    '',
    '| Bug | Invariant | Policy | Shortest story |',
    '| --- | --- | --- | --- |',
    ...bugs.filter((one) => !isOwn(one)).map((one) => `| \`${one.bug}\` | ${endOf(one)}`),
    '',
    '## What breaks in a kernel without a bug',
    '',
    '| What is wrong | Named in | Invariant | Policy | Shortest story |',
    '| --- | --- | --- | --- | --- |',
    ...hazards.map((one) => {
      const text = one.broken.find(({ invariant }) => invariant === one.invariant)?.text
      return `| ${text} | ${one.from} | ${endOf(one)}`
    }),
    ''
  ].join('\n')
}

function endOf({ invariant, policy, path }: Caught | Hazard): string {
  return `${invariant} | ${policy} | ${storyOf(path)} |`
}

function storyOf(path: readonly Operation[] | null): string {
  return path === null ? 'none found' : path.map(operationText).join('; ')
}
