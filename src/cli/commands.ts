import type { CliCommand } from './command.ts'
import { blame } from './commands/blame.ts'
import { blocking } from './commands/blocking.ts'
import { check } from './commands/check.ts'
import { completion } from './commands/completion.ts'
import { conform } from './commands/conform.ts'
import { debug } from './commands/debug.ts'
import { diff } from './commands/diff.ts'
import { explore } from './commands/explore.ts'
import { exportCommand } from './commands/export.ts'
import { gaps } from './commands/gaps.ts'
import { hooks } from './commands/hooks.ts'
import { importCommand } from './commands/import.ts'
import { ingest } from './commands/ingest.ts'
import { log } from './commands/log.ts'
import { preflight } from './commands/preflight.ts'
import { rebuild } from './commands/rebuild.ts'
import { rejected } from './commands/rejected.ts'
import { replay } from './commands/replay.ts'
import { report } from './commands/report.ts'
import { runs } from './commands/runs.ts'
import { serve } from './commands/serve.ts'
import { show } from './commands/show.ts'
import { simulate } from './commands/simulate.ts'
import { stack } from './commands/stack.ts'
import { streams } from './commands/streams.ts'
import { verify } from './commands/verify.ts'
import { whatIf } from './commands/what-if.ts'

/** Every command, in the order of the help. */
export const commands: readonly CliCommand[] = [
  ingest,
  rejected,
  stack,
  hooks,
  gaps,
  runs,
  blocking,
  log,
  show,
  diff,
  blame,
  report,
  check,
  debug,
  simulate,
  conform,
  whatIf,
  preflight,
  replay,
  explore,
  serve,
  streams,
  verify,
  rebuild,
  exportCommand,
  importCommand,
  completion
]
