import type { World } from '../../kernel/index.ts'
import type { Violation } from '../engine/violation.ts'
import type { TimedOperation } from '../faults/fault.ts'

/** A fault that was injected: which, in which of its ways, and before which operation. */
export interface InjectedFault {
  readonly fault: string
  readonly variant: string
  /** How many operations of the run come before it. */
  readonly place: number
}

/** Something that faults broke and that holds without them, by the first place where they did. */
export interface Finding {
  readonly faults: readonly InjectedFault[]
  readonly violation: Violation
  /** The world from the first fault on. */
  readonly world: World
  /** What was performed from the first fault's place on, the works that let the kernel come to rest last. */
  readonly operations: readonly TimedOperation[]
  /** At how many places, and in how many of their ways, these faults broke it. */
  readonly times: number
}

/** Findings, one for the same faults and the same invariant. */
export class Findings {
  readonly #all = new Map<string, Finding>()

  add(finding: Omit<Finding, 'times'>): void {
    const key = keyOf(namesOf(finding), finding.violation.invariant)
    const known = this.#all.get(key)
    this.#all.set(key, known === undefined ? { ...finding, times: 1 } : { ...known, times: known.times + 1 })
  }

  get size(): number {
    return this.#all.size
  }

  /** In the order in which they were found; faults together only where none of them does it alone. */
  list(): readonly Finding[] {
    return [...this.#all.values()].filter((finding) => {
      const names = namesOf(finding)
      if (names.length === 1) return true
      return !names.some((name) => this.#all.has(keyOf([name], finding.violation.invariant)))
    })
  }
}

function namesOf({ faults }: Pick<Finding, 'faults'>): string[] {
  return faults.map(({ fault }) => fault)
}

function keyOf(faults: readonly string[], invariant: string): string {
  return `${faults.join(' ')} ${invariant}`
}
