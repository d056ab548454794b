import type { EventData, StoredEvent } from '../../events/index.ts'
import type { Operation, World } from '../../kernel/index.ts'
import { type RecordedOperation, recordedOperations } from '../recorded/recorded-operation.ts'
import { RecordedRun, stateBefore } from '../recorded/recorded-run.ts'
import { compareBehaviour, type Returns } from './compare-behaviour.ts'
import { compareFacts, type Difference } from './compare-facts.ts'
import { compareLog } from './compare-log.ts'
import { compareSysfs } from './compare-sysfs.ts'

/** A recording, as far as the model is to explain it. */
export interface Recorded {
  readonly name: string
  readonly history: readonly StoredEvent[]
  /** Lines of the kernel log from livepatch and from callbacks, in their order; null when it was not recorded. */
  readonly log: readonly LogLine[] | null
  /** What functions return, as the manifest tells: for what the snapshots' own calls returned. */
  readonly returns: Returns
}

/** A line of the kernel log, and where it stands. */
export interface LogLine {
  readonly text: string
  readonly evidence: string
}

/** Something that the model does not explain: the operation, and where the two first part. */
export interface Divergence extends Difference {
  readonly position: number | null
  readonly uptimeNs: string
  readonly operation: string
}

export interface Conformance {
  readonly recording: string
  readonly policy: string
  readonly operations: number
  readonly explained: number
  readonly divergences: readonly Divergence[]
}

/** Runs the model beside a recording: the recorded operations, and what tasks were doing, are its input. */
export function conform(recorded: Recorded, world: World): Conformance {
  return new Conformer(recorded, world).run()
}

class Conformer {
  readonly #recorded: Recorded
  readonly #world: World
  readonly #run: RecordedRun
  readonly #divergences: Divergence[] = []
  readonly #printed: EventData<'kernel.printed'>[] = []
  #operations = 0
  #explained = 0

  constructor(recorded: Recorded, world: World) {
    this.#recorded = recorded
    this.#world = world
    this.#run = new RecordedRun(stateBefore(recorded.history, world), world, ({ facts }) => {
      for (const fact of facts) if (fact.type === 'kernel.printed') this.#printed.push(fact.data)
    })
  }

  run(): Conformance {
    const operations = recordedOperations(this.#recorded.history)
    const snapshots = this.#recorded.history.filter((event) => event.type === 'host.observed')
    for (const operation of operations) {
      while (snapshots[0] !== undefined && snapshots[0].uptimeNs < operation.uptimeNs)
        this.#observe(snapshots.shift())
      this.#explain(operation)
    }
    for (const snapshot of snapshots) this.#observe(snapshot)
    if (this.#recorded.log !== null) this.#compareLog(this.#recorded.log)
    const { name } = this.#recorded
    return {
      recording: name,
      policy: this.#world.rules.name,
      operations: this.#operations,
      explained: this.#explained,
      divergences: this.#divergences
    }
  }

  #explain(recorded: RecordedOperation): void {
    const enacted = this.#run.enact(recorded)
    if (enacted === null) return
    this.#operations += 1
    const { own, outcome } = enacted
    const difference = compareFacts(own, outcome.facts) ?? compareErrno(recorded, outcome.ret)
    if (difference === null) this.#explained += 1
    else this.#diverge(recorded, difference)
  }

  #observe(snapshot: StoredEvent | undefined): void {
    if (snapshot?.type !== 'host.observed') return
    const difference =
      compareSysfs(this.#run.state, snapshot) ??
      compareBehaviour(this.#run.state, snapshot, this.#recorded.returns)
    if (difference === null) return
    this.#divergences.push({
      ...difference,
      position: snapshot.position,
      uptimeNs: String(snapshot.uptimeNs),
      operation: `snapshot ${snapshot.data.label ?? ''}`
    })
  }

  #compareLog(log: NonNullable<Recorded['log']>): void {
    const difference = compareLog(log, this.#printed)
    if (difference === null) return
    this.#divergences.push({ ...difference, position: null, uptimeNs: '0', operation: 'kernel log' })
  }

  #diverge({ operation, events, uptimeNs }: RecordedOperation, difference: Difference): void {
    this.#divergences.push({
      ...difference,
      position: events[0]?.position ?? null,
      uptimeNs: String(uptimeNs),
      operation: nameOf(operation)
    })
  }
}

function compareErrno({ errno }: RecordedOperation, ret: number): Difference | null {
  if (errno === null || errno === -ret) return null
  return { mechanism: 'errno', expected: String(-ret), observed: String(errno), evidence: [] }
}

/** An operation in words: what, and on what. */
function nameOf(operation: Operation): string {
  const { op, ...rest } = operation
  const words = Object.entries(rest)
    .filter(([name]) => name !== 'conditions')
    .map(([, value]) =>
      typeof value === 'object'
        ? Object.entries(value as object)
            .flat()
            .join('=')
        : String(value)
    )
  return [op, ...words].filter((word) => word !== '').join(' ')
}
