import type { ReadModelSource } from '../events/index.ts'
import { readSpans, type TimeRange } from './span-reader.ts'
import type { Span } from './span-tracker.ts'
import type { TransitionSpan } from './spans.ts'

/** Why an answer about a task is not sure when its switch is assumed. */
export const unseenSwitch = 'no event shows when the task switched'

/** When one task reached the goal of a transition's phase. */
export interface Switch {
  /** Null: not while the phase lasted, or not yet. */
  readonly atNs: bigint | null
  /** No event shows it; it follows from what is usual. */
  readonly assumed: boolean
}

type Phase = Span<TransitionSpan>

interface Named {
  readonly blocked: boolean
  readonly switchedNs: bigint | null
}

/** The transitions of a range, and what tasks did in them. */
export class TaskSwitches {
  readonly #log: ReadModelSource
  readonly #stream: string
  readonly #phases: readonly Phase[]
  readonly #known = new Map<string, Switch>()

  private constructor(log: ReadModelSource, stream: string, phases: readonly Phase[]) {
    this.#log = log
    this.#stream = stream
    this.#phases = phases
  }

  static async open(log: ReadModelSource, stream: string, range: TimeRange): Promise<TaskSwitches> {
    return new TaskSwitches(log, stream, await readSpans(log, stream, 'transition', range))
  }

  /** The phase (towards one goal) that was under way behind a position. */
  phaseAt(position: number): Phase | undefined {
    return this.#phases.find(
      (phase) => phase.fromPosition <= position && (phase.toPosition === null || position < phase.toPosition)
    )
  }

  /** Since when some task was at the goal of the phase. */
  firstNs(phase: Phase): bigint | null {
    return phase.value.firstSwitchNs === null ? null : BigInt(phase.value.firstSwitchNs)
  }

  /** When a task switched in the phase. */
  async of(phase: Phase, pid: number): Promise<Switch> {
    const key = `${phase.fromPosition} ${pid}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = await this.#find(phase, pid)
    this.#known.set(key, found)
    return found
  }

  /**
   * A try names every task that is not at the goal. One that is only ever named as blocked stays behind until
   * the phase ends; one that is never named was at the goal from the beginning: forked by a task that was, or,
   * after a reverse, not switched before it.
   */
  async #find(phase: Phase, pid: number): Promise<Switch> {
    const { blocked, switchedNs } = await this.#named(phase, pid)
    if (switchedNs !== null) return { atNs: switchedNs, assumed: false }
    if (blocked) return this.#stayed(phase)
    const before = this.#phases.find((one) => isReversal(one, phase))
    if (before === undefined && !phase.value.started) return { atNs: null, assumed: false }
    const was = before === undefined ? null : await this.of(before, pid)
    if (was?.atNs === null) return { atNs: phase.fromNs, assumed: was.assumed }
    if (was?.assumed === false) return this.#stayed(phase)
    if (was === null ? phase.value.firstSwitchNs !== null : phase.value.tried)
      return { atNs: phase.fromNs, assumed: true }
    return { ...this.#stayed(phase), assumed: true }
  }

  /** Still behind: a force takes it along; a phase that was completed without one ended with its switch. */
  #stayed(phase: Phase): Switch {
    const { forcedNs, unsure } = phase.value
    if (forcedNs !== null) return { atNs: BigInt(forcedNs), assumed: unsure !== null }
    if (phase.toNs === null || this.#phases.some((next) => isReversal(phase, next)))
      return { atNs: null, assumed: unsure !== null }
    return { atNs: phase.toNs, assumed: true }
  }

  /** What the events of the phase tell of the task, up to its own switch. */
  async #named({ fromPosition, toPosition, fromNs, value }: Phase, pid: number): Promise<Named> {
    const query = {
      stream: this.#stream,
      // The first event of a history that begins inside a transition is a task's own.
      after: fromPosition - 1,
      ...(toPosition === null ? {} : { upTo: toPosition }),
      types: ['task.switched', 'task.blocked'],
      pid
    }
    let blocked = false
    for await (const page of this.#log.read(query)) {
      for (const event of page) {
        if (event.type !== 'task.switched' && event.type !== 'task.blocked') continue
        const { patch, goal } = event.data
        if (patch !== value.patch || goal !== value.goal || event.uptimeNs < fromNs) continue
        if (event.type === 'task.switched') return { blocked, switchedNs: event.uptimeNs }
        blocked = true
      }
    }
    return { blocked, switchedNs: null }
  }
}

/** Whether the second phase is the first one's reverse. */
function isReversal(before: Phase, after: Phase): boolean {
  return (
    before.toPosition === after.fromPosition &&
    before.value.patch === after.value.patch &&
    before.value.goal !== after.value.goal
  )
}
