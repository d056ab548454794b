import { Choice, named } from './choice.tsx'
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
        <Choice
          label="stream"
          value={head?.stream ?? ''}
          options={named(streams)}
          onChoose={(stream) => {
            location.hash = new URLSearchParams({ stream }).toString()
            location.reload()
          }}
        />
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
        <Choice
          label="what if"
          value={view.compare?.policy ?? ''}
          options={[{ value: '', text: 'as recorded' }, ...named(policies)]}
          onChoose={(policy) => page.compareWith(policy || null)}
        />
      )}
      <Choice
        label="theme"
        kind="theme"
        value={theme}
        options={named(themes)}
        onChoose={(chosen) => page.store.set({ theme: chosen })}
      />
    </header>
  )
}
