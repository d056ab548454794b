import type { StoredEvent } from '../../events/index.ts'
import type { KernelState } from '../../projections/index.ts'
import { type Arrival, Cursor, type Stop } from '../../replay/index.ts'
import type { App } from '../app.ts'
import type { Question } from '../question.ts'

/** A stop as the user asked for it. */
export interface AskedStop {
  readonly kind: 'breakpoint' | 'watchpoint'
  /** In the user's words. */
  readonly text: string
  /** Made for each history anew: what it stops at may have to be looked for there. */
  make(branch: Branch, stream: string): Stop | Promise<Stop>
}

export interface NumberedStop extends AskedStop {
  readonly number: number
}

/** A history to walk in: the recorded one, or one that left it at some place. */
export interface Branch {
  readonly name: string
  readonly cursor: Cursor<StoredEvent>
  /** The place where it left the recorded history; null for that one itself. */
  readonly leftAt: number | null
  /** The stops that were made for it, by their numbers. */
  readonly opened: Map<number, Stop>
}

/** What a debugger remembers between two commands. */
export class Session {
  readonly app: App
  readonly question: Question
  readonly branches: Branch[]
  readonly stops: NumberedStop[] = []
  branch: Branch
  /** The place that the last move came from, which `diff` compares with. */
  cameFrom = 0
  /** What `list` showed last, so that it can go on. */
  listedTo: number | null = null
  #nextStop = 1

  constructor(app: App, question: Question, history: readonly StoredEvent[]) {
    this.app = app
    this.question = question
    this.branch = { name: 'recorded', cursor: new Cursor(history), leftAt: null, opened: new Map() }
    this.branches = [this.branch]
  }

  get cursor(): Cursor<StoredEvent> {
    return this.branch.cursor
  }

  get state(): KernelState {
    return this.cursor.state
  }

  addStop(stop: AskedStop): NumberedStop {
    const numbered = { ...stop, number: this.#nextStop++ }
    this.stops.push(numbered)
    return numbered
  }

  /** Moves, and forgets what belonged to the place before. */
  move(how: () => Arrival | undefined): Arrival['hits'] {
    this.cameFrom = this.cursor.place
    this.listedTo = null
    return how()?.hits ?? []
  }
}
