import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../../../src/events/index.ts'
import { emptyState, encodeState, fold } from '../../../src/projections/index.ts'
import {
  type Arrival,
  Cursor,
  continueBack,
  continueTo,
  hookValue,
  stopOnChange,
  stopOnEvent
} from '../../../src/replay/index.ts'
import { histories } from '../../support/histories.ts'

/** Long enough for kept states to matter: a short history, told again and again at later times. */
function repeated(events: readonly Omit<HistoryEvent, 'position'>[], times: number): HistoryEvent[] {
  const lastNs = events.at(-1)?.uptimeNs ?? 0n
  return Array.from({ length: times }, (_, turn) =>
    events.map((event) => ({ ...event, uptimeNs: event.uptimeNs + BigInt(turn) * (lastNs + 1n) }))
  )
    .flat()
    .map((event, n) => ({ ...event, position: n + 1 }) as HistoryEvent)
}

const long = histories().map(({ events }) => repeated(events, 1 + Math.ceil(900 / (events.length + 1))))

const moves = fc.array(
  fc.oneof(
    fc.record({ step: fc.integer({ min: -700, max: 700 }) }),
    fc.record({ goto: fc.integer({ min: -5, max: 1200 }) })
  ),
  { minLength: 1, maxLength: 12 }
)

describe('a cursor', () => {
  test('has, wherever it came from, the state that a fold from the start gives', () => {
    fc.assert(
      fc.property(long, moves, (history, way) => {
        const cursor = new Cursor(history)
        let place = 0
        for (const move of way) {
          if ('step' in move) cursor.step(move.step)
          else cursor.goto(move.goto)
          const wanted = 'step' in move ? place + move.step : move.goto
          place = Math.min(Math.max(wanted, 0), history.length)
          expect(cursor.place).toBe(place)
          const state = encodeState(fold(emptyState(), history.slice(0, place)))
          expect(encodeState(cursor.state)).toBe(state)
          expect(cursor.event).toBe(history[place - 1] ?? null)
        }
      }),
      { numRuns: 60 }
    )
  })

  test('steps back by as many events as it stepped forth', () => {
    fc.assert(
      fc.property(long, fc.nat(800), fc.integer({ min: 1, max: 400 }), (history, from, count) => {
        const cursor = new Cursor(history)
        cursor.goto(from)
        const before = encodeState(cursor.state)
        const start = cursor.place
        cursor.step(count)
        cursor.step(-Math.min(count, cursor.place - start))
        expect(encodeState(cursor.state)).toBe(before)
      }),
      { numRuns: 60 }
    )
  })

  test('looks elsewhere without going there', () => {
    fc.assert(
      fc.property(long, fc.nat(1000), fc.nat(1000), (history, here, there) => {
        const cursor = new Cursor(history)
        cursor.goto(here)
        const state = encodeState(cursor.state)
        const other = encodeState(cursor.stateAt(there))
        expect(other).toBe(encodeState(fold(emptyState(), history.slice(0, there))))
        expect(encodeState(cursor.state)).toBe(state)
      }),
      { numRuns: 60 }
    )
  })
})

describe('a walk', () => {
  const stops = [
    stopOnEvent('freed', ({ type }) => type === 'patch.freed'),
    stopOnChange('the programs', (state) =>
      state.hooks.map(({ program }) => `${program}: ${hookValue(state, program)}`).join()
    )
  ]

  /** Every arrival from one end to the other. */
  function all(history: readonly HistoryEvent[], way: 'forth' | 'back'): Arrival[] {
    const cursor = new Cursor(history)
    if (way === 'back') cursor.goto(history.length + 1)
    const arrivals: Arrival[] = []
    // The end itself is no stop, so a walk back begins behind it as one forth begins before the first event.
    for (;;) {
      const arrival = way === 'forth' ? continueTo(cursor, stops) : continueBack(cursor, stops)
      if (arrival.hits.length === 0) return arrivals
      arrivals.push(arrival)
    }
  }

  test('back comes by the same places, for the same reasons, as one forth', () => {
    fc.assert(
      fc.property(long, (history) => {
        const forth = all(history, 'forth').filter(({ place }) => place < history.length)
        expect(all(history, 'back').toReversed()).toEqual(forth)
      }),
      { numRuns: 40 }
    )
  })
})
