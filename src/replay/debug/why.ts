import type { HistoryEvent } from '../../events/index.ts'
import { hookView, type KernelState } from '../../projections/index.ts'
import type { Cursor } from './cursor.ts'

/** An event that brought a hook to where it stands, and what it was from there on. */
export interface Cause<Event extends HistoryEvent> {
  readonly place: number
  readonly event: Event
  /** What is said of the hook, in words; null for an event that only led to the next. */
  readonly now: string | null
}

/**
 * Why a program stands where it does: its attach, every event since then that changed who reaches it, and before
 * each of them the event by which its patch began what it did. Null when it is not attached here.
 */
export function whyHook<Event extends HistoryEvent>(
  cursor: Cursor<Event>,
  program: string
): readonly Cause<Event>[] | null {
  const hook = cursor.state.hooks.findLast((one) => one.program === program)
  if (hook === undefined) return null
  const here = cursor.place
  const attached = cursor.placeOf(hook.sincePosition)
  const causes: Cause<Event>[] = []
  let before = ''
  cursor.walk(
    attached - 1,
    here,
    () => {},
    (state, event, place) => {
      const now = standing(state, hook.key)
      if (now !== before) {
        causes.push(...leadingTo(cursor.history, place, causes), { place, event: event as Event, now })
        before = now
      }
      return false
    }
  )
  cursor.goto(here)
  return causes
}

function standing(state: KernelState, key: string): string {
  const hook = state.hooks.find((one) => one.key === key)
  if (hook === undefined) return 'detached'
  const { status, reach, reason } = hookView(state, hook)
  const reached = {
    all: 'every call',
    none: 'no call',
    switched: 'switched tasks',
    unswitched: 'others only'
  }
  return `${status}, reached by ${reached[reach]}${reason === null ? '' : `: ${reason}`}`
}

/** The patch that the event is about began a transition before it: that event, unless it is told already. */
function leadingTo<Event extends HistoryEvent>(
  history: readonly Event[],
  place: number,
  told: readonly Cause<Event>[]
): Cause<Event>[] {
  const { type, data } = history[place - 1] as Event
  if (!('patch' in data) || type === 'patch.enabled' || type === 'patch.disabled') return []
  const patch = 'by' in data ? data.by : data.patch
  for (let before = place - 1; before > 0; before -= 1) {
    const event = history[before - 1] as Event
    const begins = event.type === 'patch.enabled' || event.type === 'patch.disabled'
    if (!begins || event.data.patch !== patch) continue
    return told.some((one) => one.place === before) ? [] : [{ place: before, event, now: null }]
  }
  return []
}
