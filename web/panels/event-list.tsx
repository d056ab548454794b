import { useEffect, useRef, useState } from 'preact/hooks'
import { eventSentence } from '../../src/projections/index.ts'
import type { Page } from '../app/page.ts'
import type { Session } from '../app/session.ts'
import type { MarkerName, View } from '../app/view.ts'
import { lastAtMost } from '../history/history.ts'
import { uptimeText } from '../history/times.ts'
import { useSize } from '../timeline/use-size.ts'

const rowPx = 24
/** Rows beyond what can be seen, so that scrolling shows no holes. */
const spare = 6
/** Browsers cannot make an element much higher; beyond that a row of scrolling is more than one event. */
const heightMaxPx = 8_000_000

/** The events that pass the filter; only those in sight are in the document. */
export function EventList({ page, view }: { page: Page; view: View }) {
  const scroller = useRef<HTMLDivElement>(null)
  const { height } = useSize(scroller)
  const [scrollTop, setScrollTop] = useState(0)
  const { session, places, cursor, markers } = view
  const selected = lastAtMost(places, cursor.index)
  const fullPx = places.length * rowPx
  const shrink = Math.max(1, (fullPx - height) / Math.max(1, Math.min(fullPx, heightMaxPx) - height))
  const top = scrollTop * shrink
  useEffect(() => {
    const element = scroller.current
    if (element === null || selected < 0 || height === 0) return
    const at = selected * rowPx
    const seen = element.scrollTop * shrink
    if (at >= seen && at + rowPx <= seen + height) return
    element.scrollTop = Math.max(0, (at - height / 2) / shrink)
  }, [selected, places, height, shrink])
  if (session === null) return null
  const first = Math.max(0, Math.floor(top / rowPx) - spare)
  const last = Math.min(places.length, Math.ceil((top + height) / rowPx) + spare)
  const inSight = selected >= first && selected < last
  return (
    <div
      class="event-list"
      ref={scroller}
      role="listbox"
      tabIndex={0}
      aria-label="Events"
      {...(inSight ? { 'aria-activedescendant': `event-${places[selected]}` } : {})}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
    >
      {places.length === 0 && (
        // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, not its rows
        <div role="option" aria-selected="false" class="none">
          {session.complete ? 'No event passes the filters.' : 'Reading…'}
        </div>
      )}
      <div role="presentation" class="event-rows" style={{ height: `${Math.min(fullPx, heightMaxPx)}px` }}>
        {/* Keyed by the place on the screen: a jump gives rows other words, and makes no new ones. */}
        {places.slice(first, last).map((place, n) => (
          <EventRow
            key={n}
            page={page}
            session={session}
            place={place}
            at={first + n}
            of={places.length}
            isSelected={first + n === selected}
            top={(first + n) * rowPx - top + scrollTop}
            marks={(['a', 'b'] as const).filter((name) => markers[name] === place)}
          />
        ))}
      </div>
    </div>
  )
}

function EventRow(props: {
  page: Page
  session: Session
  place: number
  at: number
  of: number
  isSelected: boolean
  top: number
  marks: readonly MarkerName[]
}) {
  const { page, session, place, at, of, isSelected, top, marks } = props
  const event = session.history.events[place]
  if (event === undefined) return null
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, not its rows
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
    <div
      id={`event-${place}`}
      role="option"
      aria-selected={isSelected}
      aria-posinset={at + 1}
      aria-setsize={of}
      class={`event-row ${session.history.isChanging(place) ? 'changing' : ''}`}
      style={{ top: `${top}px` }}
      onClick={() => page.moveTo(place)}
    >
      <span class="position">@{event.position}</span>
      <span class="time">{uptimeText(event.uptimeNs)}</span>
      <span class="type">{event.type}</span>
      <span class="says">
        {marks.map((name) => (
          <b key={name} class="mark">
            {name.toUpperCase()}
          </b>
        ))}
        {eventSentence(event)}
      </span>
    </div>
  )
}
