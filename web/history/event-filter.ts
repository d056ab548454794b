import { eventSentence, type TimelineEvent } from '../../src/projections/index.ts'
import type { History } from './history.ts'

/** Groups of event types as a reader thinks of them, each by how its types begin. */
export const eventGroups = {
  patches: ['patch.'],
  transitions: ['transition.'],
  tasks: ['task.', 'call.'],
  functions: ['object.', 'nop.', 'callback.'],
  hooks: ['hook.'],
  host: ['host.', 'evidence.', 'module.', 'setting.', 'kernel.', 'command.']
} as const satisfies Record<string, readonly string[]>

export type EventGroup = keyof typeof eventGroups
export const eventGroupNames = Object.keys(eventGroups) as EventGroup[]

/** What the list of events shows. */
export interface EventFilter {
  readonly hidden: readonly EventGroup[]
  /** Words that the event's type, sentence or evidence must all have. */
  readonly search: string
  /** Only events that changed what is patched, hooked or under way. */
  readonly onlyChanges: boolean
}

/** Places of the events that pass, in order, from `from` on. */
export function passing(history: History, filter: EventFilter, from = 0): number[] {
  const hidden = filter.hidden.flatMap((group) => eventGroups[group])
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean)
  const places: number[] = []
  for (let n = from; n < history.length; n++) {
    const event = history.events[n] as TimelineEvent
    if (filter.onlyChanges && !history.isChanging(n)) continue
    if (hidden.some((start) => event.type.startsWith(start))) continue
    if (words.length > 0 && !hasWords(event, words)) continue
    places.push(n)
  }
  return places
}

function hasWords(event: TimelineEvent, words: readonly string[]): boolean {
  const text = `@${event.position} ${event.type} ${eventSentence(event)} ${event.evidence.raw}`.toLowerCase()
  return words.every((word) => text.includes(word))
}
