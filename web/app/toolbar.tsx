import { useEffect, useState } from 'preact/hooks'
import { lengthText, uptimeText } from '../history/times.ts'
import { keyHelp } from './keys.ts'
import type { Page } from './page.ts'
import type { MarkerName, View } from './view.ts'

/** Steps, zoom, markers and the link: all that the keys do, for the pointer. */
export function Toolbar({ page, view }: { page: Page; view: View }) {
  return (
    <div class="toolbar" role="toolbar" aria-label="Cursor, window and markers">
      <div class="group">
        <Tool name="First event" text="⇤" onClick={() => page.moveTo(view.places[0] ?? 0)} />
        <Tool name="Previous event" text="←" onClick={() => page.step(-1)} />
        <Tool name="Next event" text="→" onClick={() => page.step(1)} />
        <Tool name="Last event" text="⇥" onClick={() => page.moveTo(view.places.at(-1) ?? 0)} />
      </div>
      <div class="group">
        <Tool name="Zoom in" text="+" onClick={() => page.zoom(0.5)} />
        <Tool name="Zoom out" text="−" onClick={() => page.zoom(2)} />
        <Tool name="Fit the whole history" text="Fit" onClick={() => page.showWhole()} />
      </div>
      <div class="group">
        <Tool
          name="Marker A at the cursor"
          text="A"
          onClick={() => page.mark('a')}
          pressed={view.markers.a !== null}
        />
        <Tool
          name="Marker B at the cursor"
          text="B"
          onClick={() => page.mark('b')}
          pressed={view.markers.b !== null}
        />
        <span class="distance">{distanceText(view)}</span>
      </div>
      <div class="group end">
        {view.session?.lanes.some(({ kind }) => kind === 'function') === true && (
          <label class="check">
            <input
              type="checkbox"
              checked={view.session.shownLanes(view.allFunctions).length === view.session.lanes.length}
              onChange={(event) => page.store.set({ allFunctions: event.currentTarget.checked })}
            />
            all functions
          </label>
        )}
        {view.following !== null && (
          <label class="check">
            <input
              type="checkbox"
              checked={view.following}
              onChange={(event) => page.store.set({ following: event.currentTarget.checked })}
            />
            follow
          </label>
        )}
        <CopyLink page={page} />
        <details class="keys">
          <summary>Keys</summary>
          <dl>
            {keyHelp.map(([keys, what]) => (
              <div key={keys}>
                <dt>{keys}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </details>
      </div>
    </div>
  )
}

function Tool(props: { name: string; text: string; onClick: () => void; pressed?: boolean }) {
  const { name, text, onClick, pressed } = props
  return (
    <button
      type="button"
      aria-label={name}
      title={name}
      onClick={onClick}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
    >
      {text}
    </button>
  )
}

/** The address bar has the link already; this is for whoever does not see that. */
function CopyLink({ page }: { page: Page }) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async () => {
    const address = `${location.href.replace(/#.*/, '')}#${page.link()}`
    history.replaceState(null, '', address)
    await navigator.clipboard?.writeText(address)
    setCopied(true)
    page.store.set({ spoken: 'The link to this moment is copied' })
  }
  return (
    <button type="button" onClick={() => void copy().catch(() => {})}>
      {isCopied ? 'Copied' : 'Copy link'}
    </button>
  )
}

/** How far apart the markers are, or how far the one is from the cursor. */
function distanceText({ session, markers, cursor }: View): string {
  if (session === null) return ''
  const { history } = session
  const timeOf = (name: MarkerName) => {
    const index = markers[name]
    return index === null ? null : history.uptimeNs(history.timeOf(index))
  }
  const [a, b] = [timeOf('a'), timeOf('b')]
  const apart = (from: bigint, to: bigint) => lengthText(to < from ? from - to : to - from)
  if (a !== null && b !== null) return `A to B: ${apart(a, b)}`
  const at = history.uptimeNs(cursor.time)
  if (a !== null) return `A at ${uptimeText(a)}, cursor ${apart(a, at)} from it`
  if (b !== null) return `B at ${uptimeText(b)}, cursor ${apart(b, at)} from it`
  return 'no marker set'
}
