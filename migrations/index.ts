import type { Migration } from 'kysely'
import { log0001 } from './0001-log.ts'
import { readModels0002 } from './0002-read-models.ts'
import { readModelVersions0003 } from './0003-read-model-versions.ts'

/** Every migration by name, in order. A table of imports, so that it works from `dist` too. Forward only. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-log': log0001,
  '0002-read-models': readModels0002,
  '0003-read-model-versions': readModelVersions0003
}
