import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NewEvent } from '../../src/events/index.ts'
import { emptyState, fold, hookView, type KernelState } from '../../src/projections/index.ts'
import { viewAt } from '../../src/projections/spans.ts'
import { doubtParts } from '../../src/projections/state.ts'
import { damagedHistories, functionKeys, histories } from '../support/histories.ts'
import { holdsAt, ModelRows, type SpanRow } from '../support/model-rows.ts'

/** Spans are the state, laid out in time: at any position they say what the state there says. */

const anyHistory = fc.oneof(histories(), damagedHistories())

/** What the spans must say, by kind and subject. */
function expected(state: KernelState): Map<string, unknown> {
  const unsure = state.doubt.patches?.reason ?? null
  const unsureHooks = unsure ?? state.doubt.hooks?.reason ?? null
  const about = doubtParts.filter((one) => state.doubt[one] !== null)
  const [part] = about
  const spans = new Map<string, unknown>()
  const { transition } = state
  state.patches.forEach(({ name, enabled, replacedBy, forced }, n) => {
    const goal = transition?.patch === name ? transition.goal : null
    spans.set(`patch ${name}`, { enabled, goal, stackOrder: n + 1, replacedBy, forced, unsure })
  })
  const hooked = state.hooks.flatMap((hook) => hookView(state, hook).functions)
  for (const key of new Set([...functionKeys, ...state.stacks.keys(), ...hooked])) {
    const stack = (state.stacks.get(key) ?? []).map(({ patch, nop }) => ({ patch, nop }))
    const switched = viewAt(state, key, true)
    if (stack.length === 0 && switched.hook === null) continue
    const moving = stack[0] !== undefined && stack[0].patch === transition?.patch
    spans.set(`function ${key}`, {
      stack,
      transition: moving ? transition.sincePosition : null,
      goal: moving ? transition.goal : null,
      unswitched: viewAt(state, key, false),
      switched,
      unsure: unsureHooks
    })
  }
  for (const hook of state.hooks) {
    const { status, reach, reason, functions } = hookView(state, hook)
    const { program, kind, module, function: name, address, overrides } = hook
    const partly = reach === 'switched' || reach === 'unswitched'
    const since = partly ? (transition?.sincePosition ?? null) : null
    const place = { program, kind, module, function: name, address, overrides }
    spans.set(`hook ${hook.key}`, {
      ...place,
      status,
      reach,
      reason,
      functions,
      transition: since,
      unsure: unsureHooks
    })
  }
  if (part !== undefined) spans.set('doubt evidence', { reason: state.doubt[part]?.reason, about })
  // Its other fields are of the span as a whole; they are looked at where it ends.
  if (transition !== null) spans.set(`transition ${transition.patch}`, { goal: transition.goal })
  return spans
}

/** A transition's span as a whole, as the last state in it says. */
function wholeTransition({ transition }: KernelState): unknown {
  if (transition === null) return null
  const { patch, goal, firstSwitchNs, forcedNs, signaledNs, started, tries, unsure } = transition
  const [first, forced, signaled] = [firstSwitchNs, forcedNs, signaledNs].map((ns) => ns?.toString() ?? null)
  return {
    patch,
    goal,
    firstSwitchNs: first,
    forcedNs: forced,
    signaledNs: signaled,
    started,
    tried: tries > 0,
    unsure
  }
}

function said({ kind, value }: SpanRow): unknown {
  const all = JSON.parse(value) as { goal: unknown }
  return kind === 'transition' ? { goal: all.goal } : all
}

function spansOf(events: readonly NewEvent[]): SpanRow[] {
  const rows = new ModelRows()
  rows.append(events)
  return rows.spans()
}

/** The state behind each event, in turn. */
function* statesOf(events: readonly NewEvent[]): Generator<[state: KernelState, position: number]> {
  const state = emptyState()
  for (const [n, event] of events.entries()) {
    fold(state, [{ ...event, position: n + 1 }])
    yield [state, n + 1]
  }
}

test('behind every event the spans say what the state says', () => {
  fc.assert(
    fc.property(anyHistory, ({ events }) => {
      const spans = spansOf(events)
      for (const [state, position] of statesOf(events)) {
        const held = spans.filter((span) => holdsAt(span, position))
        const heldValues = held.map((span): [string, unknown] => [`${span.kind} ${span.subject}`, said(span)])
        expect(new Map(heldValues), `behind event ${position}`).toEqual(expected(state))
        expect(held.length).toBe(expected(state).size)
      }
    }),
    { numRuns: 200 }
  )
})

test('a span begins and ends at the time of the event that it begins or ends with', () => {
  fc.assert(
    fc.property(anyHistory, ({ events }) => {
      const timeAt = new Map([...statesOf(events)].map(([_, position]) => [position, 0n]))
      for (const [state, position] of statesOf(events)) timeAt.set(position, state.uptimeNs)
      for (const span of spansOf(events)) {
        expect(span.from_ns).toBe(timeAt.get(span.from_position))
        expect(span.to_ns).toBe(span.to_position === null ? null : timeAt.get(span.to_position))
        expect(span.to_position ?? Number.MAX_SAFE_INTEGER).toBeGreaterThan(span.from_position)
      }
    }),
    { numRuns: 200 }
  )
})

test('spans of one subject never overlap, and follow one another as long as the subject is there', () => {
  fc.assert(
    fc.property(anyHistory, ({ events }) => {
      const coverage = new Map<string, number[]>()
      for (const span of spansOf(events)) {
        const subject = `${span.kind} ${span.subject}`
        coverage.set(subject, [...(coverage.get(subject) ?? []), ...positionsOf(span, events.length)])
      }
      const presence = new Map<string, number[]>()
      for (const [state, position] of statesOf(events)) {
        for (const subject of expected(state).keys()) {
          presence.set(subject, [...(presence.get(subject) ?? []), position])
        }
      }
      expect(coverage).toEqual(presence)
    }),
    { numRuns: 200 }
  )
})

/** Every position at which the span holds; where two spans overlap, some come twice. */
function positionsOf({ from_position: from, to_position: to }: SpanRow, last: number): number[] {
  return Array.from({ length: (to ?? last + 1) - from }, (_, n) => from + n)
}

test('what a transition tells of itself is what was known when it ended, or is known now', () => {
  fc.assert(
    fc.property(anyHistory, ({ events }) => {
      const spans = spansOf(events).filter((span) => span.kind === 'transition')
      const ends = new Map(spans.map((span) => [(span.to_position ?? events.length + 1) - 1, span]))
      for (const [state, position] of statesOf(events)) {
        const span = ends.get(position)
        if (span !== undefined) expect(JSON.parse(span.value)).toEqual(wholeTransition(state))
      }
    }),
    { numRuns: 200 }
  )
})

test('neighbouring spans of a subject say different things', () => {
  fc.assert(
    fc.property(anyHistory, ({ events }) => {
      const last = new Map<string, SpanRow>()
      for (const span of spansOf(events).filter(({ kind }) => kind !== 'transition')) {
        const subject = `${span.kind} ${span.subject}`
        const before = last.get(subject)
        last.set(subject, span)
        if (before?.to_position === span.from_position) expect(said(span)).not.toEqual(said(before))
      }
    }),
    { numRuns: 200 }
  )
})
