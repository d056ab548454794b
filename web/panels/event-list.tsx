import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { eventSentence } from '../../src/projections/index.ts'
import type { Page } from '../app/page.ts'
import type { Session } from '../app/session.ts'
import type { MarkerName, View } from '../app/view.ts'
import { lastAtMost } from '../history/history.ts'
import { uptimeText } from '../history/times.ts'
import { useSize } from '../timeline/use-size.ts'
import { Kept } from './kept.tsx'

const rowPx = 24
/** Rows beyond what can be seen, so that scrolling shows no holes. */
const spare = 2
/** Browsers cannot make an element much higher; beyond that a row of scrolling is more than one event. */
const heightMaxPx = 8_000_000

/** The events that pass the filter; only those in sight are in the document. */
export function EventList({
  page,
  session,
  places,
  markers,
  cursor
}: { page: Page; session: Session } & Pick<View, 'places' | 'markers' | 'cursor'>) {
  const scroller = useRef<HTMLDivElement>(null)
  const { height } = useSize(scroller)
  const selected = lastAtMost(places, cursor.index)
  const fullPx = places.length * rowPx
  const shrink = Math.max(1, (fullPx - height) / Math.max(1, Math.min(fullPx, heightMaxPx) - height))
  const { scrollTop, onScroll } = useScroll(scroller, { selected, height, fullPx, shrink })
  const top = scrollTop * shrink
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
      onScroll={onScroll}
    >
      {places.length === 0 && (
        // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, not its rows
        <div role="option" aria-selected="false" class="none">
          {session.complete ? 'No event passes the filters.' : 'Reading…'}
        </div>
      )}
      <div role="presentation" class="event-rows" style={{ height: `${Math.min(fullPx, heightMaxPx)}px` }}>
        {/* Keyed by the place on the screen: a jump gives rows other words, and makes no new ones. */}
        {places.slice(first, last).map((place, n) => {
          const marks = (['a', 'b'] as const).filter((name) => markers[name] === place)
          const row = { place, at: first + n, of: places.length, isSelected: first + n === selected, marks }
          const rowTop = (first + n) * rowPx - top + scrollTop
          return (
            <Kept
              key={n}
              shows={JSON.stringify([row, rowTop, session.head.stream])}
              draw={() => <EventRow page={page} session={session} top={rowTop} {...row} />}
            />
          )
        })}
      </div>
    </div>
  )
}

/**
 * Where the list is scrolled to: where the reader scrolled it, but for a selected row that would be out of sight.
 * What is drawn goes by the number kept here and not by the element's, which would have to be laid out to tell it.
 */
function useScroll(
  scroller: RefObject<HTMLDivElement | null>,
  list: { selected: number; height: number; fullPx: number; shrink: number }
) {
  const { selected, height, fullPx, shrink } = list
  const [, redraw] = useState(0)
  const kept = useRef({ scrollTop: 0, shown: -1, fullPx: 0 }).current
  if (height > 0 && (selected !== kept.shown || fullPx !== kept.fullPx)) {
    kept.shown = selected
    kept.fullPx = fullPx
    const at = selected * rowPx
    const seen = kept.scrollTop * shrink
    const isSeen = selected < 0 || (at >= seen && at + rowPx <= seen + height)
    const wanted = isSeen ? kept.scrollTop : Math.round((at - height / 2) / shrink)
    // A filter may have left less than what was scrolled past.
    kept.scrollTop = Math.max(0, Math.min(wanted, Math.min(fullPx, heightMaxPx) - height))
  }
  const { scrollTop } = kept
  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = scrollTop
  }, [scroller, scrollTop])
  const onScroll = ({ currentTarget }: { readonly currentTarget: HTMLElement }) => {
    if (Math.abs(currentTarget.scrollTop - kept.scrollTop) < 1) return
    kept.scrollTop = currentTarget.scrollTop
    redraw(kept.scrollTop)
  }
  return { scrollTop, onScroll }
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
