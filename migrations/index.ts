import type { Migration } from 'kysely'
import { log0001 } from './0001-log.ts'

/** Every migration by name, in order. A table of imports, so that it works from `dist` too. Forward only. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-log': log0001
}
