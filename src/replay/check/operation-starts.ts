import type { EventType, HistoryEvent } from '../../events/index.ts'

/** Events that an operation gives first, whatever came before them. */
const firsts: ReadonlySet<EventType> = new Set<EventType>([
  'module.loaded',
  'patch.disabled',
  'patch.marked',
  'transition.reversed',
  'transition.forced',
  'hook.attached',
  'hook.detached'
])

/**
 * Tells where a recorded history stands between two operations, so that something else could have come next. What
 * insmod and a write to `enabled` do before they return, their own first try included, has no such place in it.
 */
export class OperationStarts {
  /** An enable or a disable is under way and has not tried yet. */
  #isUntried = false
  /** A load that was refused unloads its own module. */
  #loading: string | null = null

  /** Whether a new operation begins with this event. To be asked of each event in turn. */
  begins(event: HistoryEvent): boolean {
    if (event.type === 'transition.tried') {
      const isFirst = this.#isUntried
      this.#isUntried = false
      return !isFirst
    }
    if (event.type === 'module.going') return event.data.module !== this.#loading
    if (event.type === 'patch.enabled' || event.type === 'patch.disabled') this.#isUntried = true
    if (event.type === 'module.loaded') this.#loading = event.data.module
    else if (firsts.has(event.type)) this.#loading = null
    return firsts.has(event.type)
  }
}
