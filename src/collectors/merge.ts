import type { FormattedSource } from './read-source.ts'
import type { SourcePage } from './stream-source.ts'
import type { Survey } from './survey.ts'
import type { Timed } from './time-order.ts'

/** A source's place in the merge: a page of readings, and the way to the next one. */
class Cursor {
  readonly source: FormattedSource
  readonly #pages: AsyncGenerator<SourcePage>
  readonly #onPage: (page: SourcePage, source: FormattedSource) => Promise<void>
  #page: readonly Timed[] = []
  #at = 0
  lastNs = -1n
  firstNs: bigint | null = null
  done = false

  constructor(
    source: FormattedSource,
    pages: AsyncGenerator<SourcePage>,
    onPage: (page: SourcePage, source: FormattedSource) => Promise<void>
  ) {
    this.source = source
    this.#pages = pages
    this.#onPage = onPage
  }

  get head(): Timed | undefined {
    return this.#page[this.#at]
  }

  /** Takes the head; the next page, if one is needed, has to be filled before the next look. */
  take(): void {
    const head = this.#page[this.#at]
    if (head !== undefined) {
      this.lastNs = head.uptimeNs
      this.firstNs ??= head.uptimeNs
    }
    this.#at += 1
  }

  async fill(): Promise<void> {
    while (this.head === undefined && !this.done) {
      const next = await this.#pages.next()
      if (next.done) {
        this.done = true
        return
      }
      this.#page = next.value.timed
      this.#at = 0
      await this.#onPage(next.value, this.source)
    }
  }
}

/** A reading with the source that it comes from. */
export interface Merged {
  readonly timed: Timed
  readonly source: FormattedSource
  /** A better source covers this: this one only confirms. */
  readonly confirms: boolean
}

/**
 * Readings of all sources in the order of their time, in pages. `tellers`, best first, are the sources whose
 * word on livepatches makes the kernel log's and the weaker tellers' word a confirmation while they last. So does a
 * trace's word on any other function that it records.
 */
export async function* mergeSources(
  sources: readonly { source: FormattedSource; pages: AsyncGenerator<SourcePage> }[],
  { tellers, traced }: Pick<Survey, 'tellers' | 'traced'>,
  onPage: (page: SourcePage, source: FormattedSource) => Promise<void>
): AsyncGenerator<Merged[]> {
  const cursors = sources.map(({ source, pages }) => new Cursor(source, pages, onPage))
  for (const cursor of cursors) await cursor.fill()
  const telling = tellers.flatMap((teller) => cursors.find((cursor) => cursor.source === teller) ?? [])
  const tracing = cursors.flatMap((cursor) => {
    const functions = traced.get(cursor.source)
    return functions === undefined ? [] : [{ cursor, functions }]
  })
  const copies = new Copies()
  let page: Merged[] = []
  for (;;) {
    const next = earliest(cursors)
    if (next?.head === undefined) break
    const timed = next.head
    next.take()
    const confirms =
      copies.has(timed, next.source) || isCovered(next, timed, telling) || isTraced(next, timed, tracing)
    page.push({ timed, source: next.source, confirms })
    if (next.head === undefined) {
      yield page
      page = []
      await next.fill()
    }
  }
  yield page
}

/** Records of this moment, to know one that a second file of the same evidence has too. */
class Copies {
  #atNs = -1n
  readonly #from = new Map<string, FormattedSource>()

  /** Whether another source had the same record. */
  has({ uptimeNs, reading }: Timed, source: FormattedSource): boolean {
    if (uptimeNs !== this.#atNs) this.#from.clear()
    this.#atNs = uptimeNs
    const key = `${source.format.name} ${reading.raw}`
    const first = this.#from.get(key)
    if (first === undefined) this.#from.set(key, source)
    return first !== undefined && first !== source
  }
}

/** On a tie the source named first goes first: traces come before what only repeats them. */
function earliest(cursors: readonly Cursor[]): Cursor | undefined {
  let best: Cursor | undefined
  for (const cursor of cursors) {
    const head = cursor.head
    if (head !== undefined && (best?.head === undefined || head.uptimeNs < best.head.uptimeNs)) best = cursor
  }
  return best
}

const repeatingFormats = new Set(['dmesg', 'dmesg-T', 'kmsg', 'journal', 'bpftrace'])

function isCovered(cursor: Cursor, timed: Timed, telling: readonly Cursor[]): boolean {
  if (!repeatingFormats.has(cursor.source.format.name)) return false
  const rank = telling.indexOf(cursor)
  const better = rank < 0 ? telling : telling.slice(0, rank)
  return better.some((teller) => lasts(teller, timed.uptimeNs))
}

/** Whether a trace that records the function that was probed has this call of it too, as far as anyone knows. */
function isTraced({ source }: Cursor, { uptimeNs, reading }: Timed, tracing: readonly Tracing[]): boolean {
  if (source.format.name !== 'bpftrace' || reading.outcome !== 'observed') return false
  return reading.observations.some(
    (seen) =>
      seen.kind === 'probe' &&
      tracing.some(({ cursor, functions }) => functions.has(seen.fn) && lasts(cursor, uptimeNs))
  )
}

interface Tracing {
  readonly cursor: Cursor
  readonly functions: ReadonlySet<string>
}

/** Whether the source has begun and not ended at this time. */
function lasts({ firstNs, done, lastNs }: Cursor, uptimeNs: bigint): boolean {
  if (firstNs === null || uptimeNs < firstNs) return false
  return !done || uptimeNs <= lastNs
}
