/** The replay room: the model beside a recording, and stories told to the model. */
export type { Avoidable } from './check/avoidable.ts'
export { checkHistory, type Finding } from './check/check-history.ts'
export { checkStream, type StreamCheck, streamCheck } from './check/check-stream.ts'
export { findingRow } from './check/finding-row.ts'
export { recordedViolations } from './check/recorded-violations.ts'
export { type Conformance, conform, type Divergence } from './conform/conform.ts'
export { recordedWorld } from './conform/recorded-world.ts'
export { HistoryRun } from './engine/history-run.ts'
export { ModelRun } from './engine/model-run.ts'
export type { Violation } from './engine/violation.ts'
export { Watch } from './engine/watch.ts'
export { kernelFault, kernelFaults, UnknownFaultError } from './faults/catalogue.ts'
export type { Injection, KernelFault, Place, TimedOperation } from './faults/fault.ts'
export { invariants, invariantsFor } from './invariants/catalogue.ts'
export type { Invariant } from './invariants/invariant.ts'
export { historyWorld } from './recorded/history-world.ts'
export { errnoText, type Failure } from './scenario/check-expectation.ts'
export { type ManifestModules, manifest, manifestModules } from './scenario/manifest-modules.ts'
export {
  rulesOf,
  runScenario,
  type ScenarioResult,
  type StepResult,
  traitsOf
} from './scenario/run-scenario.ts'
export { readScenario, type Scenario } from './scenario/scenario.ts'
export { scenarioEvents } from './scenario/scenario-events.ts'
export { scenarioJsonSchema } from './scenario/scenario-schema.ts'
export { ScenarioError } from './scenario/scenario-text.ts'
export { changeLines } from './scenario/step-text.ts'
export { checkTranscript, type TranscriptCheck } from './transcript/check-transcript.ts'
export { readSelftestModules, type SelftestModules } from './transcript/selftest-modules.ts'
export { isTranscript, readTranscript, type Transcript } from './transcript/selftest-ops.ts'
