import { render } from 'preact'
import { App } from './app/app.tsx'
import { embeddedTimeline, loadTimeline } from './app/load.ts'
import { Page } from './app/page.ts'
import { decodeLink } from './history/link.ts'

const page = new Page()
const root = document.getElementById('page')
if (root !== null) render(<App page={page} />, root)

const embedded = embeddedTimeline()
if (embedded !== null) {
  loadTimeline(page, embedded, decodeLink(location.hash), true).catch((error: unknown) => {
    page.store.set({ problem: `The timeline of this file cannot be read: ${String(error)}` })
  })
}
