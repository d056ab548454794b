import { lastValueFrom, type Observable, take, toArray } from 'rxjs'
import { expect, it } from 'vitest'
import { type StoredEvent, StoreError } from '../../../src/events/index.ts'
import type { WithLog } from '../log-contract.ts'
import { switched, switches } from '../sample-events.ts'

/** Subscribes, and waits for the first `count` events. */
export function firstEvents(
  pages: Observable<readonly StoredEvent[]>,
  count: number
): Promise<StoredEvent[]> {
  return new Promise((resolve, reject) => {
    const events: StoredEvent[] = []
    const subscription = pages.subscribe({
      next: (page) => {
        events.push(...page)
        if (events.length < count) return
        queueMicrotask(() => subscription.unsubscribe())
        resolve(events)
      },
      error: reject,
      complete: () => reject(new Error(`completed after ${events.length} events`))
    })
  })
}

/** subscribe(). */
export function liveContract(withLog: WithLog): void {
  it('catches up in pages, then stays live, without gaps or repeats', () =>
    withLog(async (log) => {
      await log.append('a/1', 'any', switches(1, 2500))
      const seen = firstEvents(log.subscribe({ after: 100 }), 2410)
      for (let number = 2501; number <= 2510; number++) await log.append('a/1', 'any', [switched(number)])
      expect((await seen).map(({ position }) => position)).toEqual(
        Array.from({ length: 2410 }, (_, index) => index + 101)
      )
    }))

  it('hears what another connection appends', () =>
    withLog(async (log, harness) => {
      const other = await harness.open()
      const seen = firstEvents(log.subscribe({}), 6)
      for (let number = 1; number <= 3; number++) {
        await other.append('a/1', 'any', [switched(number)])
        await log.append('b/1', 'any', [switched(number + 10)])
      }
      expect((await seen).map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6])
    }))

  it('gives only the stream and the types that were asked for', () =>
    withLog(async (log) => {
      const freed = { ...switched(5), type: 'patch.freed', data: { patch: 'lp_a' } } as const
      const ofStream = firstEvents(log.subscribe({ stream: 'a/1' }), 2)
      const ofType = firstEvents(log.subscribe({ types: ['patch.freed'] }), 1)
      await log.append('b/1', 'any', switches(1, 2))
      await log.append('a/1', 'any', [switched(3), freed])
      expect((await ofStream).map(({ position }) => position)).toEqual([3, 4])
      expect((await ofType).map(({ position }) => position)).toEqual([4])
    }))

  it('gives nothing after unsubscribing, not even what it was about to read', () =>
    withLog(async (log) => {
      await log.append('a/1', 'any', switches(1, 3000))
      const pages = await lastValueFrom(log.subscribe({}).pipe(take(1), toArray()))
      expect(pages.map((page) => page.length)).toEqual([1000])
      let calls = 0
      const subscription = log.subscribe({ after: 3000 }).subscribe(() => calls++)
      subscription.unsubscribe()
      await log.append('a/1', 'any', switches(3001, 1))
      await firstEvents(log.subscribe({ after: 3000 }), 1)
      expect(calls).toBe(0)
    }))

  it('completes when the log is closed', () =>
    withLog(async (log) => {
      await log.append('a/1', 'any', switches(1, 1))
      const all = lastValueFrom(log.subscribe({}).pipe(toArray()))
      await firstEvents(log.subscribe({}), 1)
      await log.close()
      expect((await all).flat()).toHaveLength(1)
      await expect(log.append('a/1', 'any', [])).rejects.toMatchObject({ code: 'closed' })
      await expect(log.verify()).rejects.toThrow(StoreError)
      await log.close()
    }))

  it('hands an error to the observer', () =>
    withLog(async (log) => {
      await log.append('a/1', 'any', switches(1, 1))
      const pages = log.subscribe({})
      await log.close()
      await expect(lastValueFrom(pages)).rejects.toMatchObject({ code: 'closed' })
    }))
}
