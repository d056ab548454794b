import type { CliCommand } from './command.ts'
import { exportCommand } from './commands/export.ts'
import { importCommand } from './commands/import.ts'
import { ingest } from './commands/ingest.ts'
import { rebuild } from './commands/rebuild.ts'
import { rejected } from './commands/rejected.ts'
import { streams } from './commands/streams.ts'
import { verify } from './commands/verify.ts'

/** Every command, in the order of the help. */
export const commands: readonly CliCommand[] = [
  ingest,
  rejected,
  streams,
  verify,
  rebuild,
  exportCommand,
  importCommand
]
