/** The collectors room: evidence in, events out. */
export { formatNamed, formats, recognise } from './formats.ts'
export { type IngestJob, type IngestLog, type IngestSummary, ingest } from './ingest.ts'
export { type KernelLogLine, readKernelLog } from './kernel-log.ts'
export type { EvidenceFormat, LineReader, Observation, PatchManifest, Reading } from './observation.ts'
export { type FormattedSource, readSource } from './read-source.ts'
export { fileSource, headLines, type Source, standardInput } from './source.ts'
export { recognisedBootTime, recognisedPolicy, type Survey, survey } from './survey.ts'
