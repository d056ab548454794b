/** The replay room: the model beside a recording, and stories told to the model. */
export { type Conformance, conform, type Divergence } from './conform/conform.ts'
export { recordedWorld } from './conform/recorded-world.ts'
export { Chance } from './faults/chance.ts'
export {
  type Answers,
  answersOf,
  type Comparison,
  compareAnswers,
  type Falsehood,
  type Stretch
} from './faults/compare-histories.ts'
export { evidenceFaults } from './faults/evidence-catalogue.ts'
export type { EvidenceFault } from './faults/evidence-fault.ts'
export { type EvidenceText, evidenceShapes } from './faults/evidence-text.ts'
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
