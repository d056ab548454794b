import type { EventType, HistoryEvent } from '../../events/index.ts'
import { Changes, evolve, type KernelState } from '../../projections/index.ts'
import type { Watch } from './watch.ts'

/** Events that only a new operation tells first: what came before them has come to its end. */
const beginnings: ReadonlySet<EventType> = new Set<EventType>([
  'module.loaded',
  'module.going',
  'patch.disabled',
  'patch.freed',
  'transition.tried',
  'transition.reversed',
  'transition.forced',
  'hook.attached',
  'hook.detached',
  'hook.killed',
  'hook.rejected',
  'host.observed',
  'command.ran'
])

/** Folds a recorded history into the state under watch. It may be fed in pages. */
export class HistoryRun {
  readonly state: KernelState
  readonly watch: Watch
  readonly #changes = new Changes()

  constructor(state: KernelState, watch: Watch) {
    this.state = state
    this.watch = watch
  }

  take(event: HistoryEvent): void {
    if (beginnings.has(event.type)) this.watch.rest(this.state, { operation: null, ret: null })
    this.watch.before(this.state, event)
    evolve(this.state, event, this.#changes)
    this.watch.after(this.state, event)
    this.#changes.clear()
  }

  /** Nothing more will come. */
  finish(): void {
    this.watch.rest(this.state, { operation: null, ret: null })
  }
}
