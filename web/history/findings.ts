import type { TimelineHead } from '../../src/projections/index.ts'

/** Something that a reader should look at: a gap, a violation, evidence that is missing. */
export interface Finding {
  readonly kind: 'violation' | 'hazard' | 'gap' | 'doubt'
  readonly title: string
  /** Why, where the title does not say it. */
  readonly text: string | null
  /** The invariant that it breaks; null for what is no invariant's. */
  readonly law: string | null
  readonly fromNs: bigint
  /** Null: it has not ended, or it is a step that took no time. */
  readonly toNs: bigint | null
  /** The event that shows it, where one does. */
  readonly position: number | null
  readonly unsure: string | null
}

/** All findings in the order in which they began. */
export function findingsOf(head: TimelineHead): Finding[] {
  const violations = head.violations.map(
    (one): Finding => ({
      kind: one.promised ? 'violation' : 'hazard',
      title: one.text,
      text: null,
      law: one.invariant,
      fromNs: BigInt(one.fromNs),
      toNs: one.toNs === null ? null : BigInt(one.toNs),
      position: one.position,
      unsure: one.unsure
    })
  )
  const gaps = head.gaps.map(
    (gap): Finding => ({
      kind: 'gap',
      title: `${gap.program} on ${gap.function ?? 'an unknown function'} was not reached`,
      text: `${gap.reason}${gap.takenOver === null ? '' : `; taken over by ${gap.takenOver.program}`}`,
      law: null,
      fromNs: BigInt(gap.fromNs),
      toNs: gap.toNs === null ? null : BigInt(gap.toNs),
      position: null,
      unsure: gap.unsure
    })
  )
  const doubts = head.doubts.map(
    (one): Finding => ({
      kind: 'doubt',
      title: 'Evidence is missing',
      text: `${one.value.reason}; answers are unsure until a snapshot has shown how things stand`,
      law: null,
      fromNs: BigInt(one.fromNs),
      toNs: one.toNs === null ? null : BigInt(one.toNs),
      position: one.fromPosition,
      unsure: null
    })
  )
  return [...violations, ...gaps, ...doubts].sort((a, b) =>
    a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0
  )
}
