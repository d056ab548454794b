import type { EventFilter } from '../history/event-filter.ts'
import type { Window } from '../timeline/scale.ts'
import type { Session } from './session.ts'

/** Where the reader stands: right behind an event, at that event's time or later. */
export interface Cursor {
  /** -1: before the first event. */
  readonly index: number
  /** Ns since the history's base. */
  readonly time: number
  /** A hand is moving it: there will be another one in the next frame. */
  readonly isDragged: boolean
}

export type Theme = 'auto' | 'light' | 'dark'
/** The policies that a history can be compared under. */
export const policies: readonly string[] = ['mainline', 'hybrid', 'replace-set']

/** Of two histories that are compared. */
export type Side = 'above' | 'below'
export type MarkerName = 'a' | 'b'

/** All that the page shows, in one value. */
export interface View {
  readonly session: Session | null
  /** Another history under the first one, to compare; null where there is none. */
  readonly other: Session | null
  /** The other policy that the reader asked about, and how far the answer is; only a service has one. */
  readonly compare: { readonly policy: string; readonly says: string | null } | null
  /** Whose state the state panel shows. */
  readonly stateOf: Side
  /** Where the two part, as a time; null: nowhere, or nothing to compare. */
  readonly partsAt: number | null
  /** Grows when the session has more to show. */
  readonly revision: number
  /** What went wrong, for people. */
  readonly problem: string | null
  /** What the page does not show, for people; null where it shows all. */
  readonly notice: string | null
  readonly wantsToken: boolean
  readonly streams: readonly string[]
  readonly cursor: Cursor
  readonly window: Window
  /** Events by their place in the history. */
  readonly markers: Readonly<Record<MarkerName, number | null>>
  readonly filter: EventFilter
  /** Places of the events that pass the filter. */
  readonly places: readonly number[]
  readonly allFunctions: boolean | null
  readonly theme: Theme
  /** Null: this page has nothing to follow. */
  readonly following: boolean | null
  /** What a screen reader is told. */
  readonly spoken: string
}

export const emptyView: View = {
  session: null,
  other: null,
  compare: null,
  stateOf: 'above',
  partsAt: null,
  revision: 0,
  problem: null,
  notice: null,
  wantsToken: false,
  streams: [],
  cursor: { index: -1, time: 0, isDragged: false },
  window: { from: 0, to: 1 },
  markers: { a: null, b: null },
  filter: { hidden: [], search: '', onlyChanges: false },
  places: [],
  allFunctions: null,
  theme: 'auto',
  following: null,
  spoken: ''
}
