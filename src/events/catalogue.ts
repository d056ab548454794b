import type { z } from 'zod'
import { damageEvents } from './catalogue/damage.ts'
import { hookEvents } from './catalogue/hook.ts'
import { hostEvents } from './catalogue/host.ts'
import { objectEvents } from './catalogue/object.ts'
import { patchEvents } from './catalogue/patch.ts'
import { taskEvents } from './catalogue/task.ts'
import { transitionEvents } from './catalogue/transition.ts'

/** Every event type with its present version and the schema of its data. */
export const catalogue = {
  ...patchEvents,
  ...transitionEvents,
  ...taskEvents,
  ...objectEvents,
  ...hookEvents,
  ...hostEvents,
  ...damageEvents
} as const

export type EventType = keyof typeof catalogue
export type EventData<T extends EventType> = z.infer<(typeof catalogue)[T]['data']>

/** A fact with its type: what `evolve` reads. A discriminated union over the whole catalogue. */
export type Fact = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType]

/** All types, in catalogue order. */
export const eventTypes = Object.keys(catalogue) as EventType[]

/** True for a name of the catalogue. */
export function isEventType(name: string): name is EventType {
  return Object.hasOwn(catalogue, name)
}
