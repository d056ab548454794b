import { setImmediate } from 'node:timers/promises'
import {
  defer,
  distinctUntilChanged,
  interval,
  map,
  merge,
  Observable,
  Subject,
  share,
  skip,
  startWith,
  takeUntil
} from 'rxjs'
import type { StoredEvent } from './event.ts'
import type { ReadQuery } from './log.ts'

/** Says when the database may hold more: at once for this connection, by polling for all others. */
export class Changes {
  readonly #own = new Subject<void>()
  readonly #ended = new Subject<void>()
  /** Hot and shared: one timer however many subscribers, none without them. */
  readonly all: Observable<unknown>

  /** `version` changes when another connection has written. */
  constructor(version: () => unknown, pollMs: number) {
    const others = defer(() =>
      interval(pollMs).pipe(map(version), startWith(version()), distinctUntilChanged(), skip(1))
    )
    this.all = merge(this.#own, others).pipe(takeUntil(this.#ended), share())
  }

  /** This connection has appended. */
  announce(): void {
    this.#own.next()
  }

  /** Completes every subscription. */
  end(): void {
    this.#ended.next()
    this.#ended.complete()
  }
}

/** What follow() needs of a log. */
export interface Followed {
  readonly changes: Observable<unknown>
  head(): number
}

type Bounds = Required<Pick<ReadQuery, 'after' | 'upTo'>>

/** Pages of a read from behind `after`, then of whatever comes, until unsubscribed. */
export function follow(
  log: Followed,
  { after = 0 }: Pick<ReadQuery, 'after'>,
  read: (bounds: Bounds) => AsyncIterable<readonly StoredEvent[]>
): Observable<readonly StoredEvent[]> {
  return new Observable((subscriber) => {
    let position = after
    let behind = false
    let reading = false
    const catchUp = async () => {
      behind = true
      if (reading) return
      reading = true
      try {
        while (behind && !subscriber.closed) {
          behind = false
          const upTo = Math.max(position, log.head())
          for await (const page of read({ after: position, upTo })) {
            subscriber.next(page)
            // Others get their turn between pages, so that a subscriber can also leave a long catching up.
            await setImmediate()
            if (subscriber.closed) return
          }
          position = upTo
        }
      } catch (error) {
        subscriber.error(error)
      } finally {
        reading = false
      }
    }
    const changes = log.changes.subscribe({
      next: () => void catchUp(),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete()
    })
    void catchUp()
    return changes
  })
}
