import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks'
import type { KernelState, TimelineEvent } from '../../src/projections/index.ts'
import { type Changed, changedBy } from '../history/changed.ts'
import { curveAt } from '../history/switch-curves.ts'
import { EventList } from '../panels/event-list.tsx'
import { EventPanel } from '../panels/event-panel.tsx'
import { FindingList } from '../panels/finding-list.tsx'
import { StatePanel } from '../panels/state-panel.tsx'
import { Overview } from '../timeline/overview.tsx'
import { type Palette, readPalette } from '../timeline/palette.ts'
import { useMedia } from '../timeline/use-size.ts'
import { Choice } from './choice.tsx'
import { Filters } from './filters.tsx'
import { Header } from './header.tsx'
import { Histories } from './histories.tsx'
import { press } from './keys.ts'
import type { Page } from './page.ts'
import type { Session } from './session.ts'
import { TokenForm } from './token-form.tsx'
import { Toolbar } from './toolbar.tsx'
import { useInTurn } from './use-in-turn.ts'
import type { Cursor, Side, View } from './view.ts'

/** The whole page: what to look at first, the timeline, and beside the cursor's event the state behind it. */
export function App({ page, onToken }: { page: Page; onToken: (token: string) => void }) {
  const view = useView(page)
  const isNarrow = useMedia('(max-width: 760px)')
  const palette = usePalette(view.theme)
  useKeys(page)
  useAddress(page, view)
  const { session, revision } = view
  // A long list that a drag of the cursor does not change.
  const findings = useMemo(() => <FindingList page={page} session={session} />, [page, session, revision])
  return (
    <>
      <Header page={page} view={view} />
      <main>
        {view.problem !== null && (
          <p class="problem" role="alert">
            {view.problem}
          </p>
        )}
        {view.notice !== null && (
          <p class="problem" role="status">
            {view.notice}
          </p>
        )}
        {view.wantsToken && <TokenForm onToken={onToken} />}
        {findings}
        <section class="timeline" aria-labelledby="timeline-title">
          <h2 id="timeline-title" class="sr-only">
            Timeline
          </h2>
          {session !== null && <Overview page={page} view={view} palette={palette} />}
          {session !== null && (
            <Histories page={page} view={view} session={session} palette={palette} isNarrow={isNarrow} />
          )}
          <Toolbar page={page} view={view} />
        </section>
        <Panels page={page} view={view} />
      </main>
      <p class="sr-only" aria-live="polite">
        {view.spoken}
      </p>
    </>
  )
}

/** Beneath the timeline: the list, the event at the cursor, and the state behind it. */
function Panels({ page, view }: { page: Page; view: View }) {
  const { session, revision, places, markers } = view
  const [listed, cursor] = useInTurn(view.cursor, 2, view.cursor.isDragged) as [Cursor, Cursor]
  const list = useMemo(
    () => session !== null && <EventList {...{ page, session, places, markers, cursor: listed }} />,
    [page, session, revision, places, markers, listed]
  )
  const recorded = useLook(session, cursor.index)
  const { other, stateOf } = view
  const below = stateOf === 'below' ? other : null
  const beneath = useLook(below, below === null ? -1 : below.history.indexAt(cursor.time))
  const { event } = recorded
  const behindNs =
    event === undefined || session === null ? 0n : session.history.uptimeNs(cursor.time) - event.uptimeNs
  return (
    <div class="panels">
      <section class="panel list" aria-labelledby="list-title">
        <h2 id="list-title">Events</h2>
        <Filters page={page} view={view} />
        {list}
      </section>
      <EventPanel
        event={event}
        changed={recorded.changed}
        bootNs={session?.head.bootNs ?? null}
        behindNs={behindNs}
      />
      <StateAt
        page={page}
        view={view}
        session={below ?? session}
        look={below === null ? recorded : beneath}
      />
    </div>
  )
}

/** The state at the cursor: of the one history, or of the one beneath. */
function StateAt(props: { page: Page; view: View; session: Session | null; look: Look }) {
  const { page, view, session, look } = props
  if (session === null || look.state === undefined) return null
  const curve = curveAt(session.curves, look.event?.position ?? 0)
  return (
    <StatePanel state={look.state} versions={session.versions} changed={look.changed.subjects} curve={curve}>
      {view.other !== null && (
        <Choice<Side>
          label="of the history"
          value={view.stateOf}
          options={[
            { value: 'above', text: `above, ${view.session?.head.policy ?? 'unknown'} policy` },
            { value: 'below', text: `below, ${view.other.head.policy ?? 'unknown'} policy` }
          ]}
          onChoose={(stateOf) => page.store.set({ stateOf })}
        />
      )}
    </StatePanel>
  )
}

/** What there is to see of a history at one of its events. */
interface Look {
  readonly event: TimelineEvent | undefined
  readonly state: KernelState | undefined
  readonly changed: Changed
}

function useLook(session: Session | null, index: number): Look {
  return useMemo(() => {
    const state = session?.history.stateBehind(index)
    const before = session?.history.stateBehind(Math.max(-1, index - 1))
    const none = { subjects: new Set<string>(), lines: [] }
    const changed = state === undefined || before === undefined ? none : changedBy(before, state)
    return { event: session?.history.events[index], state, changed }
  }, [session, index])
}

/** The page's present view, drawn anew at most once a frame. */
function useView(page: Page): View {
  const [view, setView] = useState(page.view)
  useEffect(() => {
    setView(page.view)
    return page.store.watch(() => setView(page.view))
  }, [page])
  return view
}

/** The style sheet's colours, read again when the theme changes. */
function usePalette(theme: View['theme']): Palette {
  const isDark = useMedia('(prefers-color-scheme: dark)')
  const [palette, setPalette] = useState(() => readPalette(document.body))
  useLayoutEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    setPalette(readPalette(document.body))
  }, [theme, isDark])
  return palette
}

/** Keys work wherever nothing else takes them. */
function useKeys(page: Page): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const target = event.target instanceof HTMLElement ? event.target : null
      if (target?.matches('input:not([type=checkbox]), select') === true) {
        if (event.key === 'Escape') target.blur()
        return
      }
      // Evidence that has the focus scrolls.
      if (target?.matches('.raw') === true && /^(Arrow|Page|Home|End)/.test(event.key)) return
      if (event.key === '/') document.getElementById('search')?.focus()
      else if (!press(page, event)) return
      event.preventDefault()
    }
    addEventListener('keydown', listener)
    return () => removeEventListener('keydown', listener)
  }, [page])
}

/** The address says what is shown, and shows what it says. */
function useAddress(page: Page, view: View): void {
  useEffect(() => {
    if (view.session?.complete !== true) return
    const timer = setTimeout(() => history.replaceState(null, '', `#${page.link()}`), 150)
    return () => clearTimeout(timer)
  }, [page, view])
  useEffect(() => {
    const listener = () => page.open(location.hash)
    addEventListener('hashchange', listener)
    return () => removeEventListener('hashchange', listener)
  }, [page])
}
