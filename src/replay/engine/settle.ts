import type { TimedOperation } from '../faults/fault.ts'
import type { ModelRun } from './model-run.ts'

/** The delayed work of a transition runs once a second (klp_schedule_work). */
const tryEveryNs = 1_000_000_000n

/**
 * Lets the delayed works run until the kernel is at rest: no transition, and no patch that waits to be freed. A
 * transition may never end; after `triesMax` nobody waits any more. Returns what was performed.
 */
export function settle(run: ModelRun, triesMax: number): TimedOperation[] {
  const done: TimedOperation[] = []
  const perform = (operation: TimedOperation['operation'], uptimeNs: bigint) => {
    done.push({ operation, uptimeNs })
    run.perform(operation, uptimeNs)
  }
  for (let tries = 0; run.state.transition !== null && tries < triesMax; tries += 1) {
    perform({ op: 'try' }, run.state.uptimeNs + tryEveryNs)
  }
  for (const { name } of run.state.patches.filter((patch) => patch.offList)) {
    perform({ op: 'free', patch: name }, run.state.uptimeNs)
  }
  return done
}
