import type { Page } from './page.ts'
import { policies, type Theme, type View } from './view.ts'

const themes: readonly Theme[] = ['auto', 'light', 'dark']

/** Which stream this is, of which kernel, and how the page looks. */
export function Header({ page, view }: { page: Page; view: View }) {
  const { session, streams, theme } = view
  const head = session?.head
  return (
    <header>
      <h1>klplog {streams.length < 2 && <span class="stream">{head?.stream ?? ''}</span>}</h1>
      {streams.length > 1 && (
        <label class="check">
          stream
          <select
            value={head?.stream ?? ''}
            onChange={(event) => {
              location.hash = new URLSearchParams({ stream: event.currentTarget.value }).toString()
              location.reload()
            }}
          >
            {streams.map((stream) => (
              <option key={stream} value={stream}>
                {stream}
              </option>
            ))}
          </select>
        </label>
      )}
      {head !== undefined && (
        <p class="facts">
          Linux {head.release ?? 'of unknown release'}, {head.policy ?? 'unknown'} policy,{' '}
          {session?.complete === true
            ? `${head.events} events`
            : `reading ${session?.history.length ?? 0} of ${head.events} events…`}
        </p>
      )}
      {view.following !== null && session?.complete === true && (
        <label class="check">
          what if
          <select
            value={view.compare?.policy ?? ''}
            onChange={(event) => page.compareWith(event.currentTarget.value || null)}
          >
            <option value="">as recorded</option>
            {policies.map((policy) => (
              <option key={policy} value={policy}>
                {policy}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="check theme">
        theme
        <select
          value={theme}
          onChange={(event) => page.store.set({ theme: event.currentTarget.value as Theme })}
        >
          {themes.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
    </header>
  )
}
