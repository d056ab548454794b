import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../src/events/index.ts'
import {
  emptyState,
  encodeState,
  fold,
  functionViews,
  hookRows,
  type TimelineEvent,
  timelineHead
} from '../../src/projections/index.ts'
import { History } from '../../web/history/history.ts'
import { pieceTextsAt } from '../../web/history/lane.ts'
import { lanesOf } from '../../web/history/lanes.ts'
import { switchCurves } from '../../web/history/switch-curves.ts'
import { damagedHistories, histories, longHistories } from '../support/histories.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'

function placed(events: readonly NewEvent[]): TimelineEvent[] {
  return events.map((event, n) => ({ ...event, position: n + 1 }))
}

function historyOf(events: readonly TimelineEvent[]): History {
  const history = new History(events[0]?.uptimeNs ?? 0n)
  history.append(events)
  return history
}

describe('the state behind an event', () => {
  it('is what folding from the beginning gives, in whatever order one looks', () => {
    const looks = fc.array(fc.nat(), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(longHistories(), looks, ({ events }, places) => {
        const told = placed(events)
        const history = historyOf(told)
        for (const place of places.map((one) => (one % (told.length + 1)) - 1)) {
          const expected = fold(emptyState(), told.slice(0, place + 1))
          expect(encodeState(history.stateBehind(place))).toBe(encodeState(expected))
        }
      }),
      { numRuns: 8 }
    )
  })

  it('is not touched by looks at others', () => {
    fc.assert(
      fc.property(histories(), ({ events }) => {
        const history = historyOf(placed(events))
        const middle = events.length >> 1
        const before = encodeState(history.stateBehind(middle))
        for (let n = middle; n < events.length; n++) history.stateBehind(n)
        expect(encodeState(history.stateBehind(middle))).toBe(before)
      })
    )
  })
})

describe('time', () => {
  it('never falls, also where evidence came late, and leads back to the event', () => {
    fc.assert(
      fc.property(damagedHistories(), ({ events }) => {
        const history = historyOf(placed(events))
        for (let n = 0; n < history.length; n++) {
          expect(history.timeOf(n)).toBeGreaterThanOrEqual(history.timeOf(n - 1))
          const last = history.indexAt(history.timeOf(n))
          expect(last).toBeGreaterThanOrEqual(n)
          expect(history.timeOf(last)).toBe(history.timeOf(n))
          expect(history.indexOfPosition(n + 1)).toBe(n)
        }
      })
    )
  })
})

describe.each(recordings())('the lanes of $name', (recording) => {
  it('say behind each event what the state says', async () => {
    const { log, stream } = await ingestRecording(recording, () => true)
    const info = (await log.streams()).find((one) => one.stream === stream)
    if (info === undefined) throw new Error('the stream is missing')
    const head = await timelineHead(log, info, [])
    const events: TimelineEvent[] = []
    for await (const page of log.read({ stream })) events.push(...page)
    await log.dispose()
    const history = new History(BigInt(head.fromNs))
    history.append(events)
    const lanes = new Map(lanesOf(head).map((lane) => [lane.key, lane]))
    for (let n = 0; n < history.length; n++) {
      const state = history.stateBehind(n)
      const position = events[n]?.position ?? 0
      const says = (key: string) => {
        const lane = lanes.get(key)
        return lane === undefined ? 'no lane' : pieceTextsAt(lane, position).join('; ')
      }
      for (const view of functionViews(state)) {
        const text = says(`function ${view.function}`)
        // Before the first task has switched there is nothing to say of switched ones.
        const isSplit = view.switched.version !== view.unswitched.version
        expect(text).toContain(view.unswitched.version)
        if (!isSplit) expect(text).toContain(view.switched.version)
        if (view.unswitched.hook !== null) expect(text).toContain(`hook ${view.unswitched.hook}`)
      }
      for (const patch of state.patches) expect(says(`patch ${patch.name}`)).not.toBe('')
      hookRows(state).forEach((row, place) => {
        expect(says(`hook ${state.hooks[place]?.key}`)).toContain(row.status)
      })
    }
    for (const curve of switchCurves(head, history)) {
      expect(curve.times.length).toBeLessThanOrEqual(curve.named.size)
      expect(curve.times.toSorted((a, b) => a - b)).toEqual(curve.times)
    }
  })
})

it('a lane of a function that is half switched says both sides', async () => {
  const recording = recordings().find(({ name }) => name.startsWith('hyb-6f'))
  if (recording === undefined) throw new Error('the recording hyb-6f is missing')
  const { log: found, stream } = await ingestRecording(recording, () => true)
  const info = (await found.streams()).find((one) => one.stream === stream)
  if (info === undefined) throw new Error('the stream is missing')
  const head = await timelineHead(found, info, [])
  await found.dispose()
  const lane = lanesOf(head).find(({ label }) => label === '__x64_sys_getpgrp')
  const split = lane?.pieces.filter(({ half }) => half !== 'whole').map(({ text }) => text)
  expect(split).toContain('unswitched: lp_hook + hook ov')
  expect(split).toContain('switched: original, nop of lp_stuck')
})
