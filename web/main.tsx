import { render } from 'preact'
import { App } from './app/app.tsx'
import { embeddedTimeline, loadTimeline } from './app/load.ts'
import { Page } from './app/page.ts'
import { Service, showStream, TokenNeeded } from './app/service.ts'
import { decodeLink } from './history/link.ts'

/** Where a tab keeps the service's token. */
const tokenKey = 'klplog-token'

const page = new Page()
const root = document.getElementById('page')
if (root !== null) render(<App page={page} onToken={showWith} />, root)

const embedded = embeddedTimeline()
if (embedded !== null) {
  loadTimeline(page, embedded, decodeLink(location.hash), true).catch((error: unknown) => {
    page.store.set({ problem: `The timeline of this file cannot be read: ${String(error)}` })
  })
} else if (location.protocol === 'file:') {
  page.store.set({
    problem: 'This file has no timeline in it. klplog report --html FILE writes one that has.'
  })
} else {
  showWith(sessionStorage.getItem(tokenKey))
}

function showWith(token: string | null): void {
  if (token !== null) sessionStorage.setItem(tokenKey, token)
  page.store.set({ wantsToken: false, problem: null })
  showStream(page, new Service(token)).catch((error: unknown) => {
    if (error instanceof TokenNeeded) page.store.set({ wantsToken: true })
    else page.store.set({ problem: error instanceof Error ? error.message : String(error) })
  })
}
