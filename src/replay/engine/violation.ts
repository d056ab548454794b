/** An invariant that a run broke: where, from when to when, and what was wrong. */
export interface Violation {
  readonly invariant: string
  readonly subject: string
  readonly text: string
  /** The event that shows it. */
  readonly position: number
  readonly fromNs: bigint
  /** When it was right again; null: it still is not, or it was wrong with a step and not with a state. */
  readonly toNs: bigint | null
  readonly toPosition: number | null
  /** Whether it is about a state, which lasts, and not about a single step. */
  readonly lasting: boolean
  /** Whether the policy promises the invariant; else it is a hazard. */
  readonly promised: boolean
  /** Why it may not be true: evidence was missing. */
  readonly unsure: string | null
}
