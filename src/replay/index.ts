/** The replay room: the model beside a recording, and stories told to the model. */
export type { Avoidable } from './check/avoidable.ts'
export { type CheckFinding, checkHistory } from './check/check-history.ts'
export { checkStream, type StreamCheck, streamCheck } from './check/check-stream.ts'
export { findingRow } from './check/finding-row.ts'
export { recordedViolations } from './check/recorded-violations.ts'
export { type Conformance, conform, type Divergence } from './conform/conform.ts'
export { recordedWorld } from './conform/recorded-world.ts'
export { toScenario } from './counterexample/scenario-of.ts'
export { shrink } from './counterexample/shrink.ts'
export { type Story, type StoryStep, tell } from './counterexample/story.ts'
export { Cursor } from './debug/cursor.ts'
export { type Fork, type ForkChange, forkHistory, NoSuchWay } from './debug/fork.ts'
export {
  type Arrival,
  continueBack,
  continueTo,
  functionValue,
  hookValue,
  type Stop,
  stopAtPositions,
  stopOnChange,
  stopOnEvent
} from './debug/stop.ts'
export { type Cause, whyHook } from './debug/why.ts'
export { type Course, runCourse } from './engine/course.ts'
export { HistoryRun } from './engine/history-run.ts'
export { historyViolations } from './engine/history-violations.ts'
export { ModelRun } from './engine/model-run.ts'
export type { Violation } from './engine/violation.ts'
export { Watch } from './engine/watch.ts'
export { kernelFault, kernelFaults, UnknownFaultError } from './faults/catalogue.ts'
export { Chance } from './faults/chance.ts'
export {
  type Answers,
  answersOf,
  type Compared,
  type Comparison,
  compareAnswers,
  type Falsehood,
  type Stretch
} from './faults/compare-histories.ts'
export { evidenceFaults } from './faults/evidence-catalogue.ts'
export type { EvidenceFault } from './faults/evidence-fault.ts'
export { type EvidenceText, evidenceShapes } from './faults/evidence-text.ts'
export type { Injection, KernelFault, Place, TimedOperation } from './faults/fault.ts'
export { LegalHistories } from './faults/legal-history.ts'
export { invariants, invariantsFor } from './invariants/catalogue.ts'
export type { Invariant } from './invariants/invariant.ts'
export { type Preflight, preflight } from './preflight/preflight.ts'
export { stateDifferences } from './recorded/compare-states.ts'
export { historyWorld } from './recorded/history-world.ts'
export { operationName } from './recorded/operation-name.ts'
export { prepareOperations } from './recorded/prepare-operations.ts'
export { recordedCourse } from './recorded/recorded-course.ts'
export {
  bearings,
  type EvidenceFinding,
  faultText,
  findingTitle,
  type ReplayReport,
  type ReplayRequest,
  type ReportedFinding
} from './report/replay-report.ts'
export { recordedFindings, reportFinding } from './report/report-finding.ts'
export { htmlReport } from './report/report-html.ts'
export { junitReport } from './report/report-junit.ts'
export { sarifReport } from './report/report-sarif.ts'
export { stateDigest } from './report/state-digest.ts'
export { storyLines } from './report/story-text.ts'
export type { Failure } from './scenario/check-expectation.ts'
export { errnoText } from './scenario/errno-names.ts'
export { type ManifestModules, manifest, manifestModules } from './scenario/manifest-modules.ts'
export {
  rulesOf,
  runScenario,
  type ScenarioResult,
  type StepResult,
  traitsOf
} from './scenario/run-scenario.ts'
export { readScenario, readSingleStep, type Scenario } from './scenario/scenario.ts'
export { scenarioEvents } from './scenario/scenario-events.ts'
export { scenarioJsonSchema } from './scenario/scenario-schema.ts'
export { ScenarioError } from './scenario/scenario-text.ts'
export { NoSuchTask, operationsOf, stepTitle } from './scenario/step-operations.ts'
export { changeLines } from './scenario/step-text.ts'
export { type Counterexample, retrace } from './search/counterexample.ts'
export { type LawId, lawIds } from './search/packed-laws.ts'
export { type MoveName, moveNames } from './search/packed-moves.ts'
export { limits as searchLimits } from './search/packed-state.ts'
export type { PackedWorld } from './search/packed-world.ts'
export { NotExplorable, scenarioWorld } from './search/scenario-world.ts'
export { Search } from './search/search.ts'
export { smallScope } from './search/small-scope.ts'
export { applicablePlaces } from './sweep/applicable-places.ts'
export type { Finding } from './sweep/finding.ts'
export { type PlacedFault, Sweep, type SweepPlan, type SweepProgress } from './sweep/sweep.ts'
export { sweepPages } from './sweep/sweep-pages.ts'
export { checkTranscript, type TranscriptCheck } from './transcript/check-transcript.ts'
export { readSelftestModules, type SelftestModules } from './transcript/selftest-modules.ts'
export { isTranscript, readTranscript, type Transcript } from './transcript/selftest-ops.ts'
export type { AddedModule, Change } from './what-if/other-world.ts'
export { recordedModules } from './what-if/recorded-modules.ts'
export { type WhatIf, type WhatIfStep, whatIf } from './what-if/what-if.ts'
export {
  type WhatIfAnswer,
  type WhatIfStepRow,
  whatIfAnswer
} from './what-if/what-if-answer.ts'
export { whatIfTimeline } from './what-if/what-if-timeline.ts'
