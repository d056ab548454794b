import type { StoredEvent } from '../../events/index.ts'
import type { World } from '../../kernel/index.ts'
import { copyState, type KernelState } from '../../projections/index.ts'
import type { TimedOperation } from '../faults/fault.ts'
import { recordedOperations } from './recorded-operation.ts'
import { RecordedRun, stateBefore } from './recorded-run.ts'

/**
 * A stored history as operations, with the tasks' part in it: performed one after the other from the same state in
 * the same world, they give what was recorded, as far as the model explains it. `from` is the state right before
 * the history's first event, where that is not the boot; it is left as it is.
 */
export function prepareOperations(
  history: readonly StoredEvent[],
  world: World,
  from: KernelState = stateBefore(history, world)
): TimedOperation[] {
  const run = new RecordedRun(copyState(from), world)
  return recordedOperations(history).flatMap((recorded) => run.enact(recorded)?.operations ?? [])
}
