/** The replay room: the model beside a recording, and stories told to the model. */
export { type Conformance, conform, type Divergence } from './conform/conform.ts'
export { recordedWorld } from './conform/recorded-world.ts'
export { Cursor } from './debug/cursor.ts'
export { type Fork, type ForkChange, forkHistory } from './debug/fork.ts'
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
export { historyViolations } from './engine/history-violations.ts'
export { invariants } from './invariants/catalogue.ts'
export { historyWorld } from './recorded/history-world.ts'
export { prepareOperations } from './recorded/prepare-operations.ts'
export { errnoText, type Failure } from './scenario/check-expectation.ts'
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
export { checkTranscript, type TranscriptCheck } from './transcript/check-transcript.ts'
export { readSelftestModules, type SelftestModules } from './transcript/selftest-modules.ts'
export { isTranscript, readTranscript, type Transcript } from './transcript/selftest-ops.ts'
