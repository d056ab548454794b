import type { Subscription } from 'rxjs'
import type { SqliteLog, StreamInfo } from '../../events/index.ts'
import { diffAnswer, type EventFilter, isSameState, shownEvent, stateAt } from '../../projections/index.ts'
import { Signal } from './signal.ts'
import { sseMessage } from './sse.ts'

/** What a live reader asked for. */
export interface FeedQuery {
  readonly stream: string
  /** What makes two readers' queries the same one. */
  readonly key: string
  readonly filter: EventFilter
  readonly events: boolean
  readonly changes: boolean
}

/** A piece of a feed as text/event-stream, and the position that it reaches to. */
export interface Piece {
  readonly upTo: number
  readonly bytes: Uint8Array
}

const pageEvents = 200
/** A piece ends at so much text: a reader on a slow line has to take it in a while. */
const pieceCharsMax = 1 << 18
/** Pieces that are kept for other readers at the same place: they were all told of the same append. */
const piecesMax = 16

/**
 * Where live readers get what comes. Each asks for the next piece when it has taken the one before, so that
 * nothing waits in memory for a slow one; readers at the same place share what was read for the first.
 */
export class Feed {
  readonly #log: SqliteLog
  readonly #pieces = new Map<string, Promise<Piece | null>>()
  #watch: Subscription | null = null
  #readers = 0
  /** Given when something came, and when the feed ends. */
  readonly news = new Signal()
  hasEnded = false

  constructor(log: SqliteLog) {
    this.#log = log
  }

  get readers(): number {
    return this.#readers
  }

  /** The log is watched while there is a reader; `head` is a position that it has reached. */
  enter(head: number): void {
    this.#readers += 1
    this.#watch ??= this.#log.subscribe({ after: head }).subscribe({
      next: () => this.news.give(),
      // Readers meet the error themselves when they read.
      error: () => this.news.give()
    })
  }

  leave(): void {
    this.#readers -= 1
    if (this.#readers > 0) return
    this.#watch?.unsubscribe()
    this.#watch = null
    this.#pieces.clear()
  }

  /** Lets every reader go. */
  end(): void {
    this.hasEnded = true
    this.news.give()
  }

  /** The next piece behind a position; null when there is nothing yet. */
  next(query: FeedQuery, after: number): Promise<Piece | null> {
    const key = `${after} ${query.key}`
    const known = this.#pieces.get(key)
    if (known !== undefined) return known
    const piece = this.#read(query, after)
    this.#pieces.set(key, piece)
    // What is not there yet is asked for again.
    piece.then(
      (found) => found === null && this.#forget(key, piece),
      () => this.#forget(key, piece)
    )
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= piecesMax) break
      this.#pieces.delete(oldest)
    }
    return piece
  }

  #forget(key: string, piece: Promise<Piece | null>): void {
    if (this.#pieces.get(key) === piece) this.#pieces.delete(key)
  }

  async #read(query: FeedQuery, after: number): Promise<Piece | null> {
    const { stream, filter } = query
    let text = ''
    let upTo = after
    // The filter's types are not the query's: a state changes by events that the reader does not see.
    for await (const page of this.#log.read({ stream, after, limit: pageEvents })) {
      for (const event of page) {
        if (text.length > pieceCharsMax) break
        upTo = event.position
        if (query.events && fits(filter, event))
          text += sseMessage('event', shownEvent(event), event.position)
      }
    }
    if (upTo === after) return null
    if (query.changes) text += await this.#change(stream, after, upTo)
    return { upTo, bytes: new TextEncoder().encode(text) }
  }

  /** What the state differs by; nothing where it does not. */
  async #change(stream: string, after: number, upTo: number): Promise<string> {
    const before = await stateAt(this.#log, stream, after)
    const answer = diffAnswer(stream, before, await stateAt(this.#log, stream, upTo))
    return isSameState(answer) ? '' : sseMessage('change', answer, upTo)
  }
}

function fits({ query, passes }: EventFilter, event: Parameters<EventFilter['passes']>[0]): boolean {
  return (query.types === undefined || query.types.includes(event.type)) && passes(event)
}

/** Where a reader begins: behind what it has, or behind the last event. */
export function beginningOf(
  info: StreamInfo,
  lastEventId: string | undefined,
  after: number | undefined
): number {
  if (lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId)) return Number(lastEventId)
  return after ?? info.lastPosition
}
