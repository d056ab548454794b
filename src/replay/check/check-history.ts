import type { StoredEvent } from '../../events/index.ts'
import type { World } from '../../kernel/index.ts'
import {
  copyState,
  diffStates,
  emptyState,
  type KernelState,
  type StateDiff
} from '../../projections/index.ts'
import { HistoryRun } from '../engine/history-run.ts'
import { ModelRun } from '../engine/model-run.ts'
import type { Violation } from '../engine/violation.ts'
import { Watch } from '../engine/watch.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { type Avoidable, avoidableUntil, type Crossroads } from './avoidable.ts'
import { OperationStarts } from './operation-starts.ts'

/** A violation in a recorded history, with all that the history tells of it. */
export interface Finding {
  readonly violation: Violation
  /** The event that shows it. */
  readonly event: StoredEvent
  /** The first event of the operation that it came of; null where the history begins in its middle. */
  readonly cause: StoredEvent | null
  /** The command of user space that the cause happened in. */
  readonly command: StoredEvent | null
  /** The event at which it was right again. */
  readonly ended: StoredEvent | null
  /** Position and time of the state before that operation. */
  readonly before: { readonly position: number; readonly uptimeNs: bigint }
  /** From there to the event that shows it. */
  readonly diff: StateDiff
  /** Null: nothing that was tried gets round it, as far as was looked back. */
  readonly avoidable: Avoidable | null
}

export interface Check {
  /** The laws, and the policy that they are promises of. */
  readonly invariants: readonly Invariant[]
  readonly laws: World
  /** The kernel that was recorded: what it would have done is tried out on its model. */
  readonly kernel: World
}

/** A history in pages, as often as it is asked for. */
export type Pages = () => AsyncIterable<readonly StoredEvent[]>

/** How many operations may be waiting for the end of their commands; most histories have no journal of them. */
const unendedMax = 16

/** How many operations before a violation are looked at for one from which there is a way round it. */
const lookBackMax = 64

/** Every violation of a recorded history, in the order in which they began. */
export async function checkHistory(pages: Pages, check: Check): Promise<Finding[]> {
  const { violations, starts } = await firstPass(pages, check)
  if (violations.length === 0) return []
  const examiner = new Examiner(check, violations, wanted(violations, starts))
  for await (const page of pages()) for (const event of page) examiner.take(event)
  return examiner.findings()
}

async function firstPass(pages: Pages, check: Check) {
  const run = historyRun(check)
  const operations = new OperationStarts()
  const starts: number[] = []
  for await (const page of pages()) {
    for (const event of page) {
      if (operations.begins(event)) starts.push(event.position)
      run.take(event)
    }
  }
  run.finish()
  return { violations: run.watch.violations, starts }
}

function historyRun({ invariants, laws, kernel }: Check): HistoryRun {
  const state: KernelState = { ...emptyState(), policy: kernel.rules.name }
  return new HistoryRun(state, new Watch(laws, invariants))
}

/** The operations, by the positions of their first events, that some violation comes soon behind. */
function wanted(violations: readonly Violation[], starts: readonly number[]): Set<number> {
  const found = new Set<number>()
  for (const { position } of violations) {
    let at = starts.length
    while (at > 0 && (starts[at - 1] ?? 0) > position) at -= 1
    for (const start of starts.slice(Math.max(0, at - lookBackMax), at)) found.add(start)
  }
  return found
}

/** The second look, now that it is known where to look. */
class Examiner {
  readonly #run: HistoryRun
  readonly #kernel: World
  readonly #violations: readonly Violation[]
  readonly #wanted: ReadonlySet<number>
  readonly #operations = new OperationStarts()
  readonly #crossroads: Crossroads[] = []
  readonly #findings: { -readonly [F in keyof Finding]: Finding[F] }[] = []
  #operation: StoredEvent | null = null
  /** What began the last transition: the deed behind each of its tries. */
  #enabling: StoredEvent | null = null
  #last: StoredEvent | null = null
  /** Operations whose command has not ended yet, and the commands of the others, by the operation's position. */
  #unended: StoredEvent[] = []
  readonly #commands = new Map<number, StoredEvent>()

  constructor(check: Check, violations: readonly Violation[], starts: ReadonlySet<number>) {
    this.#run = historyRun(check)
    this.#kernel = check.kernel
    this.#violations = violations
    this.#wanted = starts
  }

  take(event: StoredEvent): void {
    if (this.#operations.begins(event)) this.#cross(event)
    this.#run.take(event)
    // What an operation has left is seen when the next one begins, and belongs to the one before.
    this.#note(event)
    if (event.type === 'command.ran' && event.data.operation !== null) this.#blame(event)
    for (const finding of this.#findings) {
      if (finding.violation.toPosition === event.position) finding.ended = event
    }
    this.#last = event
  }

  findings(): Finding[] {
    this.#run.finish()
    if (this.#last !== null) this.#note(this.#last)
    for (const finding of this.#findings)
      finding.command = this.#commands.get(finding.cause?.position ?? 0) ?? null
    return this.#findings
  }

  #cross(event: StoredEvent): void {
    this.#operation = event.type === 'transition.tried' ? this.#enabling : event
    if (event.type === 'module.loaded' || event.type === 'patch.disabled') this.#enabling = event
    if (event.type !== 'transition.tried') this.#unended = [...this.#unended.slice(-unendedMax), event]
    if (!this.#wanted.has(event.position)) return
    const { state, watch } = this.#run
    this.#crossroads.push({ run: new ModelRun(this.#kernel, watch.fork(), copyState(state)), next: event })
    if (this.#crossroads.length > lookBackMax) this.#crossroads.shift()
  }

  #note(event: StoredEvent): void {
    for (let n = this.#findings.length; n < this.#run.watch.violations.length; n += 1) {
      const violation = this.#violations[n] as Violation
      const shown = violation.position === event.position ? event : (this.#last ?? event)
      const roads = this.#crossroads.filter(({ run }) => run.state.position < violation.position)
      const from = roads.at(-1)?.run.state ?? emptyState()
      this.#findings.push({
        violation,
        event: shown,
        cause: this.#operation,
        command: null,
        ended: null,
        before: { position: from.position, uptimeNs: from.uptimeNs },
        diff: diffStates(from, this.#run.state),
        avoidable: avoidableUntil(violation, roads)
      })
    }
  }

  /** The journal tells a command when it has ended, and since when it ran. */
  #blame(event: Extract<StoredEvent, { type: 'command.ran' }>): void {
    const startNs = BigInt(event.data.startNs)
    for (const one of this.#unended) if (startNs <= one.uptimeNs) this.#commands.set(one.position, event)
    this.#unended = this.#unended.filter((one) => one.uptimeNs < startNs)
  }
}
