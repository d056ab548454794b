import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the project's recordings are. */
const recordingsPath = join(dirname(fileURLToPath(import.meta.url)), '../recordings')

/** The directory of a recording. */
export function recordingPath(name: string): string {
  return join(recordingsPath, name)
}

/** What the recorded patches patch. */
export const manifestPath = join(recordingsPath, 'modules.json')

/** Names of all recordings. */
export function recordingNames(): string[] {
  return readdirSync(recordingsPath, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}
