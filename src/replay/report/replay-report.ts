import type { Policy } from '../../events/index.ts'
import type { Story } from '../counterexample/story.ts'

/** What a replay was asked for: all that it takes to do it again. */
export interface ReplayRequest {
  readonly stream: string
  readonly policy: Policy
  /** The positions of the log between which faults happen; what comes behind the last is left out. */
  readonly from: number
  readonly to: number
  /** As they were asked for: NAME, or NAME@WHERE. */
  readonly faults: readonly string[]
  readonly depth: number
  readonly ahead: number
  /** Null where nothing is left to chance. */
  readonly seed: number | null
  readonly runs: number | null
}

/** A fault of a finding, and where it happened. */
export interface ReportedFault {
  readonly fault: string
  readonly variant: string
  readonly uptimeNs: bigint
  /** The operation that it came before. */
  readonly before: string
}

/** Where the log tells of the moment before the first fault, or of the violation itself. */
export interface ReportedEvidence {
  readonly position: number
  readonly source: string
  readonly line: number
}

/** An invariant that broke. */
export interface ReportedFinding {
  /** None: it broke as recorded. */
  readonly faults: readonly ReportedFault[]
  readonly invariant: string
  readonly says: string
  /** Whether the policy promises it; else it is a hazard. */
  readonly promised: boolean
  readonly subject: string
  readonly text: string
  readonly uptimeNs: bigint
  /** In how many runs. */
  readonly times: number
  /** SHA-256 of the state at the end of the run, the same each time that it was replayed. */
  readonly digest: string
  readonly evidence: ReportedEvidence | null
  /** The shortest run that shows it; null where the fault is a bug that the whole run would not have come to. */
  readonly story: Story | null
  /** That run as a scenario for `klplog simulate`. */
  readonly scenario: string | null
}

/** What a fault in the evidence did to the answers, at all the places of one source that it was tried at. */
export interface EvidenceFinding {
  readonly source: string
  readonly fault: string
  readonly places: number
  /** The answers are the same, or are unsure for a time. */
  readonly equal: number
  readonly unsure: number
  /** An answer is wrong, and a kernel could have left all the evidence that there was: nothing could show it. */
  readonly hidden: number
  /** An answer is wrong until later evidence shows it, or to the end, and the evidence could have shown it before. */
  readonly late: number
  readonly wrong: number
  /** The first place where an answer was wrong without a word; one where the evidence shows it goes before. */
  readonly first: {
    readonly seed: number
    readonly fromNs: bigint
    readonly what: string
    readonly hidden: boolean
  } | null
}

/** What a replay came to. */
export interface ReplayReport {
  /** klplog's version. */
  readonly klplog: string
  /** The digest of the log's last commit. */
  readonly head: string
  readonly request: ReplayRequest
  readonly operations: number
  readonly injections: number
  /** False: it was stopped before its end. */
  readonly complete: boolean
  /** SHA-256 of the state that the recorded operations come to without any fault. */
  readonly digest: string
  /** Where that state is not the recorded one. */
  readonly differences: readonly string[]
  readonly findings: readonly ReportedFinding[]
  /** What faults in the evidence did; empty where none was asked for. */
  readonly evidence: readonly EvidenceFinding[]
}

/** A finding in a line: the invariant and what broke it. */
export function findingTitle({ invariant, text, faults }: ReportedFinding): string {
  const causes = faults.map(faultText)
  return `${invariant}: ${text}${causes.length === 0 ? '' : ` (${causes.join(', then ')})`}`
}

/** A fault with its way and its place. */
export function faultText({ fault, variant, before }: ReportedFault): string {
  return `${fault}${variant === '' ? '' : ` ${variant}`} before ${before}`
}

/** What every report bears: who made it, of what, under which rules, by which chance. */
export function bearings({ klplog, head, request }: ReplayReport): readonly (readonly [string, string])[] {
  return [
    ['stream', request.stream],
    ['policy', request.policy],
    ['seed', request.seed === null ? 'none' : String(request.seed)],
    ['klplog', klplog],
    ['log head', head]
  ]
}
