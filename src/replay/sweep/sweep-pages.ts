import { asyncScheduler, Observable } from 'rxjs'
import type { Sweep, SweepProgress } from './sweep.ts'

/**
 * Runs a sweep page by page, with a pause between two pages in which others get their turn: whoever unsubscribes
 * there has what was found so far.
 */
export function sweepPages(sweep: Sweep): Observable<SweepProgress> {
  return new Observable((subscriber) => {
    const pages = sweep.pages()
    subscriber.add(
      asyncScheduler.schedule(function () {
        try {
          const page = pages.next()
          if (page.done === true) return subscriber.complete()
          subscriber.next(page.value)
          this.schedule()
        } catch (error) {
          subscriber.error(error)
        }
      })
    )
  })
}
