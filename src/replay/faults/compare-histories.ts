import type { HistoryEvent } from '../../events/index.ts'
import {
  Changes,
  emptyState,
  evolve,
  functionViews,
  hookRows,
  type KernelState,
  stackView
} from '../../projections/index.ts'

/** A time between two moments; null: it goes on. */
export interface Stretch {
  readonly fromNs: bigint
  readonly toNs: bigint | null
}

/** Where what is told is not what was, and does not say that it is unsure. */
export interface Falsehood extends Stretch {
  /** What it is about, as both sides have it. */
  readonly what: string
  /** What ended it: evidence that showed the mistake, so that the answers are unsure or right again. */
  readonly noticed: boolean
}

/** What became of the answers: the same at all times, unsure for a time, or wrong without a word. */
export type Comparison =
  | { readonly outcome: 'equal' }
  | { readonly outcome: 'unsure'; readonly unsure: Stretch }
  | { readonly outcome: 'wrong'; readonly wrong: Falsehood }

/**
 * Holds what faulty evidence tells against what the whole evidence tells, at every time at which either changes. A
 * wrong answer counts only where it is not marked as unsure; being unsure without need is no mistake.
 */
export function compareHistories(whole: Iterable<HistoryEvent>, faulty: Iterable<HistoryEvent>): Comparison {
  const truth = new Telling(whole)
  const told = new Telling(faulty)
  let unsure: { fromNs: bigint; toNs: bigint | null } | null = null
  let wrong: { fromNs: bigint; what: string } | null = null
  for (let atNs = earlier(truth.nextNs, told.nextNs); atNs !== null; ) {
    truth.runTo(atNs)
    told.runTo(atNs)
    const what = difference(truth, told)
    if (wrong !== null && what === null)
      return { outcome: 'wrong', wrong: { ...wrong, toNs: atNs, noticed: true } }
    if (wrong === null && what !== null) wrong = { fromNs: atNs, what }
    if (told.doubt === null && unsure !== null) unsure.toNs ??= atNs
    if (told.doubt !== null) unsure ??= { fromNs: atNs, toNs: null }
    atNs = earlier(truth.nextNs, told.nextNs)
  }
  if (wrong !== null) return { outcome: 'wrong', wrong: { ...wrong, toNs: null, noticed: false } }
  return unsure === null ? { outcome: 'equal' } : { outcome: 'unsure', unsure }
}

/** What the two disagree about; null when they agree, or when the faulty one says that it is unsure. */
function difference(truth: Telling, told: Telling): string | null {
  if (told.doubt !== null) return null
  for (const part of ['patches', 'functions', 'hooks', 'modules', 'transition'] as const) {
    if (told.views[part] !== truth.views[part])
      return `${part}: ${truth.views[part]} is told as ${told.views[part]}`
  }
  if (told.unsureWhoSwitched || told.views.tasks === truth.views.tasks) return null
  return `tasks: ${truth.views.tasks} are told as ${told.views.tasks}`
}

interface Views {
  readonly patches: string
  readonly functions: string
  readonly hooks: string
  readonly modules: string
  readonly transition: string
  readonly tasks: string
}

/** A history on its way: the state, and what the projections' questions answer of it. */
class Telling {
  readonly #events: Iterator<HistoryEvent>
  readonly #state = emptyState()
  readonly #changes = new Changes()
  #next: HistoryEvent | null
  #views: Views | null = null

  constructor(events: Iterable<HistoryEvent>) {
    this.#events = events[Symbol.iterator]()
    this.#next = this.#take()
  }

  get nextNs(): bigint | null {
    return this.#next?.uptimeNs ?? null
  }

  get doubt(): string | null {
    return this.#state.doubt?.reason ?? null
  }

  /** Evidence was missing while tasks switched: no snapshot tells afterwards which of them had. */
  get unsureWhoSwitched(): boolean {
    return this.#state.transition !== null && this.#state.transition.unsure !== null
  }

  get views(): Views {
    this.#views ??= viewsOf(this.#state)
    return this.#views
  }

  /** Takes every event up to this time. Evidence that came too late has an earlier time, and is taken too. */
  runTo(atNs: bigint): void {
    while (this.#next !== null && this.#next.uptimeNs <= atNs) {
      evolve(this.#state, this.#next, this.#changes)
      this.#views = null
      this.#next = this.#take()
    }
    this.#changes.clear()
  }

  #take(): HistoryEvent | null {
    const next = this.#events.next()
    return next.done === true ? null : next.value
  }
}

function viewsOf(state: KernelState): Views {
  const { patches, transition } = stackView('', state)
  const hooks = hookRows(state).map(({ since: _, unsure: _unsure, ...row }) => row)
  return {
    patches: JSON.stringify(patches),
    functions: JSON.stringify(functionViews(state)),
    hooks: JSON.stringify(hooks),
    modules: JSON.stringify([...state.modules.keys()].sort()),
    transition: JSON.stringify(transition && [transition.patch, transition.goal]),
    tasks: JSON.stringify(transition && [transition.switched, transition.blocked])
  }
}

function earlier(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}
