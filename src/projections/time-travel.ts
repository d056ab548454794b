import type { ReadModelSource } from '../events/index.ts'
import { Changes } from './changes.ts'
import { evolve } from './evolve.ts'
import { projections, savedState } from './read-model.ts'
import { emptyState, type KernelState } from './state.ts'

/** The state of a stream right behind a position: from the nearest saved state, and the events since. */
export async function stateAt(log: ReadModelSource, stream: string, position: number): Promise<KernelState> {
  const saved = await log.snapshotBefore(projections.snapshotTable, stream, position)
  const state = saved === null ? emptyState() : savedState(saved.state)
  const changes = new Changes()
  for (const page of log.history(stream, saved?.position ?? 0, position)) {
    for (const event of page) evolve(state, event, changes)
    changes.clear()
  }
  return state
}
