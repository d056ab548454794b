import type { HistoryEvent } from '../../events/index.ts'
import { emptyState, type KernelState } from '../../projections/index.ts'
import { invariantsFor } from '../invariants/catalogue.ts'
import { historyWorld } from '../recorded/history-world.ts'
import { rulesOf } from '../scenario/run-scenario.ts'
import { HistoryRun } from './history-run.ts'
import type { Violation } from './violation.ts'
import { Watch } from './watch.ts'

/** All that a history breaks of the laws that its own policy knows; `start` is the state before its first event. */
export function historyViolations(
  history: readonly HistoryEvent[],
  start: KernelState = emptyState()
): readonly Violation[] {
  const booted = history.find((event) => event.type === 'host.booted')
  const policy = start.policy ?? booted?.data.policy ?? 'mainline'
  const watch = new Watch(historyWorld(history, rulesOf[policy]), invariantsFor(policy))
  const run = new HistoryRun(start, watch)
  for (const event of history) run.take(event)
  run.finish()
  return watch.violations
}
