import type { ReadModelSource } from '../events/index.ts'
import { readSpans, type TimeRange } from './span-reader.ts'
import type { Span } from './span-tracker.ts'
import type { TransitionSpan } from './spans.ts'

/** When one task reached the goal of a transition's phase. `assumed`: no event shows it switching. */
export interface Switch {
  readonly atNs: bigint
  readonly assumed: boolean
}

/** The transitions of a range, and what tasks did in them. */
export class TaskSwitches {
  readonly #log: ReadModelSource
  readonly #stream: string
  readonly #phases: readonly Span<TransitionSpan>[]
  readonly #known = new Map<string, Switch>()

  private constructor(log: ReadModelSource, stream: string, phases: readonly Span<TransitionSpan>[]) {
    this.#log = log
    this.#stream = stream
    this.#phases = phases
  }

  static async open(log: ReadModelSource, stream: string, range: TimeRange): Promise<TaskSwitches> {
    return new TaskSwitches(log, stream, await readSpans(log, stream, 'transition', range))
  }

  /** The phase (towards one goal) that was under way behind a position. */
  phaseAt(position: number): Span<TransitionSpan> | undefined {
    return this.#phases.find(
      (phase) => phase.fromPosition <= position && (phase.toPosition === null || position < phase.toPosition)
    )
  }

  /** When the first task switched in the phase. */
  firstNs(phase: Span<TransitionSpan>): bigint | null {
    return phase.value.firstSwitchNs === null ? null : BigInt(phase.value.firstSwitchNs)
  }

  /**
   * When a task switched in the phase. A try lists every task that has not switched yet, so one that is never
   * named was at the goal from the beginning (forked by a task that was, or not there); where the evidence has
   * no tasks at all, all that is known is that it was at the goal when the phase ended.
   */
  async of(phase: Span<TransitionSpan>, pid: number): Promise<Switch | null> {
    const key = `${phase.fromPosition} ${pid}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = (await this.#read(phase, pid)) ?? this.#assume(phase)
    if (found !== null) this.#known.set(key, found)
    return found
  }

  async #read(phase: Span<TransitionSpan>, pid: number): Promise<Switch | null> {
    const query = {
      stream: this.#stream,
      after: phase.fromPosition,
      ...(phase.toPosition === null ? {} : { upTo: phase.toPosition }),
      types: ['task.switched'],
      pid,
      limit: 1
    }
    for await (const page of this.#log.read(query)) {
      for (const event of page) return { atNs: event.uptimeNs, assumed: false }
    }
    return null
  }

  #assume(phase: Span<TransitionSpan>): Switch | null {
    if (phase.value.forcedNs !== null) return { atNs: BigInt(phase.value.forcedNs), assumed: false }
    if (phase.value.firstSwitchNs !== null) return { atNs: phase.fromNs, assumed: true }
    return phase.toNs === null ? null : { atNs: phase.toNs, assumed: true }
  }
}
