/** The replay room: the model beside a recording, and stories told to the model. */
export { type Conformance, conform, type Divergence } from './conform/conform.ts'
export { recordedWorld } from './conform/recorded-world.ts'
export { type ManifestModules, manifest, manifestModules } from './scenario/manifest-modules.ts'
