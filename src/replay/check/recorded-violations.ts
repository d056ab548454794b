import type { Fact, ReadModelSource, StreamInfo } from '../../events/index.ts'
import { emptyState, stateAt, type TimelineViolation } from '../../projections/index.ts'
import { HistoryRun } from '../engine/history-run.ts'
import { Watch } from '../engine/watch.ts'
import { invariantsFor } from '../invariants/catalogue.ts'
import { historyWorld } from '../recorded/history-world.ts'
import { rulesOf } from '../scenario/run-scenario.ts'

/**
 * What a stream broke of its own kernel's invariants, as a timeline marks it: what `checkHistory` finds, without
 * who did it and whether it could be avoided. Nothing where the policy is not known. `between` is awaited after
 * each page, for whoever has others to serve.
 */
export async function recordedViolations(
  log: ReadModelSource,
  { stream, lastPosition }: StreamInfo,
  between: () => Promise<void> = async () => {}
): Promise<TimelineViolation[]> {
  const { policy } = await stateAt(log, stream, lastPosition)
  if (policy === null) return []
  const facts: Fact[] = []
  const types = ['patch.enabled', 'module.loaded', 'command.ran']
  for await (const page of log.read({ stream, types, upTo: lastPosition })) facts.push(...page)
  const watch = new Watch(historyWorld(facts, rulesOf[policy]), invariantsFor(policy))
  const run = new HistoryRun({ ...emptyState(), policy }, watch)
  for await (const page of log.read({ stream, upTo: lastPosition })) {
    for (const event of page) run.take(event)
    await between()
  }
  run.finish()
  return watch.violations.map(({ fromNs, toNs, ...one }) => ({
    invariant: one.invariant,
    subject: one.subject,
    text: one.text,
    position: one.position,
    fromNs: String(fromNs),
    toNs: toNs === null ? null : String(toNs),
    toPosition: one.toPosition,
    lasting: one.lasting,
    promised: one.promised,
    unsure: one.unsure
  }))
}
