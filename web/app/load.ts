import { decodeTimelinePage, type TimelineHead } from '../../src/projections/index.ts'
import type { Link } from '../history/link.ts'
import { markOnce } from './marks.ts'
import type { Page } from './page.ts'

/** Long enough that the browser is not kept from drawing, and short enough that little waits for it. */
const sliceMs = 40

/** The timeline that a report carries in itself: gzip in base64; null on a page that a service serves. */
export function embeddedTimeline(): ReadableStream<Uint8Array> | null {
  const text = document.getElementById('klplog-timeline')?.textContent
  if (text == null || text.trim() === '') return null
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0))
  return new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
}

/** Reads a timeline's lines into the page, and lets it draw now and then. */
export async function loadTimeline(
  page: Page,
  bytes: ReadableStream<Uint8Array>,
  link: Link,
  atFinding: boolean
): Promise<void> {
  let hasBegun = false
  let sliceEnd = performance.now() + sliceMs
  for await (const line of textLines(bytes)) {
    if (line === '') continue
    // A second head begins a history to compare.
    if (line.startsWith('[')) {
      if (!page.isFull) page.add(decodeTimelinePage(line))
    } else if (hasBegun) page.beginOther(JSON.parse(line) as TimelineHead)
    else page.begin(JSON.parse(line) as TimelineHead, link)
    hasBegun = true
    if (performance.now() < sliceEnd) continue
    page.refresh()
    await new Promise((resolve) => setTimeout(resolve))
    sliceEnd = performance.now() + sliceMs
  }
  page.finish(atFinding)
  markOnce('klplog-whole')
}

/** Lines as they come; the last one may have no end. */
export async function* textLines(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = bytes.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    const parts = (rest + decoder.decode(value, { stream: !done })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
    if (done) break
  }
  if (rest !== '') yield rest
}
