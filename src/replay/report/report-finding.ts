import { toScenario } from '../counterexample/scenario-of.ts'
import { shrink } from '../counterexample/shrink.ts'
import { type Story, tell } from '../counterexample/story.ts'
import { type Course, runCourse } from '../engine/course.ts'
import { keyOf } from '../engine/watch.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { operationName } from '../recorded/operation-name.ts'
import type { Finding } from '../sweep/finding.ts'
import { findingTitle, type ReportedEvidence, type ReportedFinding } from './replay-report.ts'
import { stateDigest } from './state-digest.ts'

/** A run that came out otherwise when it was replayed: nothing that it says can be believed. */
class UnrepeatableError extends Error {
  constructor(what: string) {
    super(`${what}: replayed twice, the run came to two states`)
    this.name = 'UnrepeatableError'
  }
}

/**
 * A finding as it is reported: its run is replayed twice and must come to the same state, and is told as the
 * shortest story that shows the same.
 * @throws UnrepeatableError
 */
export function reportFinding(
  course: Course,
  finding: Finding,
  invariants: readonly Invariant[],
  evidence: ReportedEvidence | null
): ReportedFinding {
  const { faults, violation, times } = finding
  const whole = wholeCourse(course, finding)
  const [first, second] = [runCourse(whole, invariants), runCourse(whole, invariants)]
  const digest = stateDigest(first.state)
  if (stateDigest(second.state) !== digest) throw new UnrepeatableError(violation.invariant)
  const invariant = invariants.find(({ id }) => id === violation.invariant)
  const reported = {
    faults: faults.map(({ fault, variant, place }) => ({
      fault,
      variant,
      uptimeNs: whole.operations[place]?.uptimeNs ?? violation.fromNs,
      before: nameAt(course, place)
    })),
    invariant: violation.invariant,
    says: invariant?.says ?? '',
    promised: violation.promised,
    subject: violation.subject,
    text: violation.text,
    uptimeNs: violation.fromNs,
    times,
    digest,
    evidence,
    story: null,
    scenario: null
  }
  const small = shrink(whole, violation, invariants)
  const story = small === null ? null : tell(small, violation, invariants)
  if (small === null || story === null) return reported
  const heading = { title: findingTitle(reported), story: storyText(story) }
  return { ...reported, story, scenario: toScenario(small, heading) }
}

/** The violations of the recorded operations themselves, as findings without a fault. */
export function recordedFindings(course: Course, invariants: readonly Invariant[]): Finding[] {
  const { watch, world } = runCourse(course, invariants)
  const found = new Map<string, Finding>()
  for (const violation of watch.violations) {
    const key = keyOf(violation.invariant, violation.subject)
    const known = found.get(key)
    const finding = { faults: [], violation, world, operations: course.operations, times: 1 }
    found.set(key, known === undefined ? finding : { ...known, times: known.times + 1 })
  }
  return [...found.values()]
}

/** The run of a finding from its boot on. */
function wholeCourse(course: Course, { faults, operations, world }: Finding): Course {
  const before = faults[0]?.place ?? 0
  return { ...course, world, operations: [...course.operations.slice(0, before), ...operations] }
}

function nameAt({ operations }: Course, place: number): string {
  const next = operations[place]
  return next === undefined ? 'the end' : operationName(next.operation)
}

function storyText({ steps, violation, why }: Story): string {
  const at = steps.findIndex(({ wrong }) => wrong.length > 0)
  const step = steps[at]
  const when = step === undefined ? '' : ` Step ${at + 1}, by ${step.who} (${step.what}), shows it.`
  return `${why}\n${violation.text}.${when}\n`
}
