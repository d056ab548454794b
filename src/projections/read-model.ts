import type { HistoryEvent, ReadModel, ReadModelRow, ReadModelWrite, StreamFold } from '../events/index.ts'
import { Changes } from './changes.ts'
import { decodeState, encodeState } from './codec.ts'
import { evolve } from './evolve.ts'
import { type SavedSpan, SpanTracker } from './span-tracker.ts'
import { trackSpans } from './spans.ts'
import { emptyState, type KernelState } from './state.ts'

/** A fold is saved at least this many events apart; a bigger state is saved more rarely. */
const snapshotEventsMin = 1000

/** The spans and the state snapshots, kept in the append's own transaction. */
export const projections: ReadModel = {
  name: 'spans and state snapshots',
  version: 1,
  tables: [
    { name: 'spans', key: ['kind', 'subject', 'from_position'] },
    { name: 'state_snapshots', key: ['revision'] }
  ],
  snapshotTable: 'state_snapshots',
  open: (_stream, saved) => new ProjectionFold(saved)
}

interface Saved {
  readonly kernel: string
  readonly spans: readonly SavedSpan[]
}

class ProjectionFold implements StreamFold {
  readonly #state: KernelState
  readonly #changes = new Changes()
  readonly #tracker = new SpanTracker()
  #snapshots: ReadModelRow[] = []
  #nextSnapshot: number | null = null

  constructor(saved: string | null) {
    if (saved === null) {
      this.#state = emptyState()
      return
    }
    const { kernel, spans } = JSON.parse(saved) as Saved
    this.#state = decodeState(kernel)
    this.#tracker.restore(spans)
  }

  apply(event: HistoryEvent & { readonly revision: number }): void {
    // A fold opened from a snapshot stands right behind it, so its first event tells the snapshot's revision.
    this.#nextSnapshot ??= event.revision - 1 + snapshotInterval(this.#state)
    evolve(this.#state, event, this.#changes)
    if (this.#changes.any) {
      trackSpans(this.#state, this.#changes, this.#tracker)
      this.#changes.clear()
    }
    if (event.revision >= this.#nextSnapshot) this.#snapshot(event)
  }

  drain(): ReadModelWrite[] {
    const snapshots = this.#snapshots
    this.#snapshots = []
    return [
      { table: 'spans', rows: this.#tracker.drain() },
      { table: 'state_snapshots', rows: snapshots }
    ]
  }

  #snapshot({ revision, position }: { revision: number; position: number }): void {
    const saved: Saved = { kernel: encodeState(this.#state), spans: this.#tracker.save() }
    this.#snapshots.push({ revision, position, state: JSON.stringify(saved) })
    this.#nextSnapshot = revision + snapshotInterval(this.#state)
  }
}

/** So many events that a snapshot costs each of them about the same, however big the state is. */
function snapshotInterval(state: KernelState): number {
  const waiting = (state.transition?.switched.size ?? 0) + (state.transition?.blocked.size ?? 0)
  return snapshotEventsMin + 2 * state.stacks.size + waiting
}

/** The kernel state inside a saved fold. */
export function savedState(saved: string): KernelState {
  return decodeState((JSON.parse(saved) as Saved).kernel)
}
