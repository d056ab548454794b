import { decodeTimelinePage, type TimelineHead, type TimelineViolation } from '../../src/projections/index.ts'
import { decodeLink, type Link } from '../history/link.ts'
import { loadTimeline, textLines } from './load.ts'
import type { Page } from './page.ts'
import { answerWhatIf } from './what-if.ts'

/** More news than this is one piece of news. */
const renewMsMin = 250
const checkMsMin = 5000
const retryMs = 2000

/** The service wants a token that the page does not have. */
export class TokenNeeded extends Error {}

/** What the page asks of the service that it came from. */
export class Service {
  readonly #token: string | null

  constructor(token: string | null) {
    this.#token = token
  }

  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#ask('GET', `${path}?${new URLSearchParams(query).toString()}`)
  }

  post(path: string, body: unknown): Promise<Response> {
    return this.#ask('POST', path, JSON.stringify(body))
  }

  delete(path: string): Promise<Response> {
    return this.#ask('DELETE', path)
  }

  async #ask(method: string, path: string, body: string | null = null): Promise<Response> {
    const headers = new Headers()
    if (this.#token !== null) headers.set('authorization', `Bearer ${this.#token}`)
    if (body !== null) headers.set('content-type', 'application/json')
    const response = await fetch(path, { method, headers, body })
    if (response.status === 401) throw new TokenNeeded()
    if (!response.ok) throw new Error(await problemText(response))
    return response
  }
}

/** A problem document says what is wrong and what to do. */
async function problemText(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const { title, detail, hint } = JSON.parse(text) as Readonly<Record<string, string | undefined>>
    return [detail ?? title, hint].filter(Boolean).join(' ')
  } catch {
    return `the service answered ${response.status}`
  }
}

/** Shows a stream of the service, and follows it for as long as the page is open. */
export async function showStream(page: Page, service: Service): Promise<void> {
  const link = decodeLink(location.hash)
  const rows = (await (await service.get('v1/streams')).json()) as { stream: string; events: number }[]
  const streams = rows.filter(({ events }) => events > 0).map((row) => row.stream)
  const stream = chosen(streams, link)
  page.store.set({ streams, following: true })
  if (stream === undefined) throw new Error('The log is empty: klplog ingest puts evidence in.')
  const { body } = await service.get('v1/timeline', { stream })
  if (body !== null) await loadTimeline(page, body, link, false)
  void check(page, service, stream)
  answerWhatIf(page, service, stream)
  await follow(page, service, stream)
}

function chosen(streams: readonly string[], { stream }: Link): string | undefined {
  return streams.find((one) => one === stream) ?? streams.at(-1)
}

/** Asks for what is new whenever the service says that something is, until the page can hold no more. */
async function follow(page: Page, service: Service, stream: string): Promise<void> {
  while (!page.isFull) {
    try {
      const after = String(page.lastPosition)
      const { body } = await service.get('v1/live', { stream, after, send: 'event' })
      page.store.set({ problem: null })
      if (body !== null) await listen(page, service, stream, body)
    } catch (error) {
      if (error instanceof TokenNeeded) throw error
      page.store.set({ problem: `The service is away (${String(error)}); the page tries again.` })
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/** The live stream says when there is news; what is new, with the lanes that it changes, is asked for. */
async function listen(
  page: Page,
  service: Service,
  stream: string,
  body: ReadableStream<Uint8Array>
): Promise<void> {
  let renewed = Number.NEGATIVE_INFINITY
  let checked = performance.now()
  for await (const line of textLines(body)) {
    const position = /^id: (\d+)$/.exec(line)?.[1]
    if (position === undefined || Number(position) <= page.lastPosition) continue
    const wait = renewed + renewMsMin - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    await renew(page, service, stream)
    renewed = performance.now()
    if (renewed < checked + checkMsMin) continue
    checked = renewed
    void check(page, service, stream)
  }
}

/** A check of a long log takes its time: the page does not wait for it, and is as good without. */
async function check(page: Page, service: Service, stream: string): Promise<void> {
  try {
    const response = await service.get('v1/violations', { stream })
    page.showViolations((await response.json()) as TimelineViolation[])
  } catch (error) {
    page.store.set({ spoken: `Violations are not known: ${String(error)}` })
  }
}

async function renew(page: Page, service: Service, stream: string): Promise<void> {
  const { body } = await service.get('v1/timeline', { stream, after: String(page.lastPosition) })
  if (body === null) return
  let head: TimelineHead | null = null
  const events = []
  for await (const line of textLines(body)) {
    if (line === '') continue
    if (head === null) head = JSON.parse(line) as TimelineHead
    else events.push(...decodeTimelinePage(line))
  }
  if (head !== null) page.follow(head, events)
}
