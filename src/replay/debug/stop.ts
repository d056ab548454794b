import type { HistoryEvent } from '../../events/index.ts'
import { functionViews, hookView, isNamed, type KernelState } from '../../projections/index.ts'
import type { Cursor } from './cursor.ts'

/** Where a walk over a history stops: a breakpoint, or a value that is watched. */
export interface Stop {
  /** What the user asked for, in words. */
  readonly text: string
  /** Takes up a walk at a state; what it gives is asked behind every event: why to stop there, or null. */
  open(state: KernelState): (state: KernelState, event: HistoryEvent) => string | null
}

/** Where a walk came to, and which of the stops held it and why; none at the history's end. */
export interface Arrival {
  readonly place: number
  readonly hits: readonly { readonly stop: number; readonly why: string }[]
}

/** Stops at every event that fits. */
export function stopOnEvent(text: string, fits: (event: HistoryEvent) => boolean): Stop {
  return { text, open: () => (_state, event) => (fits(event) ? event.type : null) }
}

/** Stops where a value of the state changes; `wanted` is the only new value that counts, null for any. */
export function stopOnChange(
  text: string,
  readValue: (state: KernelState) => string,
  wanted: ((value: string) => boolean) | null = null
): Stop {
  return {
    text,
    open: (state) => {
      let before = readValue(state)
      return (now) => {
        const value = readValue(now)
        if (value === before) return null
        const why = `${before} -> ${value}`
        before = value
        return wanted === null || wanted(value) ? why : null
      }
    }
  }
}

/** Stops at some events of the log, by position, each for its own reason. */
export function stopAtPositions(text: string, reasons: ReadonlyMap<number, string>): Stop {
  return { text, open: () => (_state, event) => reasons.get(event.position) ?? null }
}

/** Where a program stands: its status, and who reaches it. */
export function hookValue(state: KernelState, program: string): string {
  const hook = state.hooks.find((one) => one.program === program)
  if (hook === undefined) return 'not attached'
  const { status, reach } = hookView(state, hook)
  return reach === 'all' || reach === 'none' ? status : `${status}, reached by ${reach} tasks`
}

/** What calls of a function run, in a transition for either side of it. */
export function functionValue(state: KernelState, name: string): string {
  const values = functionViews(state)
    .filter((view) => isNamed(view.function, name))
    .map(({ switched, unswitched }) =>
      switched.version === unswitched.version
        ? switched.version
        : `${switched.version} (switched), ${unswitched.version} (others)`
    )
  return values.length === 0 ? 'original' : values.join('; ')
}

/** Goes on to the next place where a stop holds, or to the end. */
export function continueTo(cursor: Cursor, stops: readonly Stop[]): Arrival {
  let asked: ReturnType<Stop['open']>[] = []
  let hits: Arrival['hits'] = []
  cursor.walk(
    cursor.place,
    cursor.end,
    (state) => {
      asked = stops.map((stop) => stop.open(state))
    },
    (state, event) => {
      hits = hitsOf(asked, state, event)
      return hits.length > 0
    }
  )
  return { place: cursor.place, hits }
}

/** Goes back to the last place before this one where a stop holds, or to the beginning. */
export function continueBack(cursor: Cursor, stops: readonly Stop[]): Arrival {
  const here = cursor.place
  for (let to = here - 1; to > 0; ) {
    const from = cursor.keptBefore(to)
    const last = lastHit(cursor, stops, from, to)
    if (last !== null) {
      cursor.goto(last.place)
      return last
    }
    to = from
  }
  cursor.goto(0)
  return { place: 0, hits: [] }
}

/** The last place from behind `from` up to `to` where a stop holds. */
function lastHit(cursor: Cursor, stops: readonly Stop[], from: number, to: number): Arrival | null {
  let asked: ReturnType<Stop['open']>[] = []
  let last: Arrival | null = null
  cursor.walk(
    from,
    to,
    (state) => {
      asked = stops.map((stop) => stop.open(state))
    },
    (state, event, place) => {
      const hits = hitsOf(asked, state, event)
      if (hits.length > 0) last = { place, hits }
      return false
    }
  )
  return last
}

/** Every stop is asked, so that each keeps up with the walk. */
function hitsOf(
  asked: readonly ReturnType<Stop['open']>[],
  state: KernelState,
  event: HistoryEvent
): Arrival['hits'] {
  return asked.flatMap((ask, stop) => {
    const why = ask(state, event)
    return why === null ? [] : [{ stop, why }]
  })
}
