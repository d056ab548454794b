import type { EventData, StoredEvent } from '../../events/index.ts'
import { type Operation, pendingTasks, perform, type World } from '../../kernel/index.ts'
import { emptyState, type KernelState, taskKey } from '../../projections/index.ts'
import { compareBehaviour, type Returns } from './compare-behaviour.ts'
import { compareFacts, type Difference } from './compare-facts.ts'
import { compareLog } from './compare-log.ts'
import { compareSysfs } from './compare-sysfs.ts'
import { type RecordedOperation, recordedOperations } from './recorded-operation.ts'
import { taskOperations, tasksOfTry } from './tasks-of-try.ts'

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
  readonly #state: KernelState = emptyState()
  readonly #divergences: Divergence[] = []
  readonly #printed: EventData<'kernel.printed'>[] = []
  /** Switches of tasks' own that an operation beside them has told already, by position. */
  readonly #told = new Set<number>()
  #operations = 0
  #explained = 0

  constructor(recorded: Recorded, world: World) {
    this.#recorded = recorded
    this.#world = world
    this.#state.policy = world.rules.name
    // Whether the recorder's own kprobes were armed decides who wins on an original function.
    this.#state.otherKprobes = recorded.history.some(
      (event) => event.type === 'host.booted' && event.data.kprobeTracer
    )
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
    const { operation } = recorded
    if (operation.op === 'switch' && recorded.events.some((event) => this.#told.has(event.position))) return
    this.#operations += 1
    const ready = this.#prepare(recorded)
    const { facts, ret } = this.#perform(ready, recorded.uptimeNs)
    const own =
      operation.op === 'switch'
        ? recorded.events
        : recorded.events.filter((event) => !isLaterSwitch(event, ready))
    for (const event of own) if (event.type === 'task.switched') this.#told.add(event.position)
    const difference = compareFacts(own, facts) ?? compareErrno(recorded, ret)
    if (difference === null) this.#explained += 1
    else this.#diverge(recorded, difference)
  }

  /** Brings the model's tasks to where the recording shows them, and says what the try will find. */
  #prepare({ operation, events, uptimeNs }: RecordedOperation): Operation {
    if (operation.op === 'switch') {
      const frames = this.#state.tasks.get(operation.task)?.frames ?? []
      for (const _frame of [...frames]) this.#perform({ op: 'return', task: operation.task }, uptimeNs)
      return operation
    }
    if (!events.some((event) => event.type === 'transition.tried')) return operation
    const tasks = tasksOfTry(events)
    const pending = pendingTasks(this.#state)
    const isFirst = operation.op !== 'try'
    const patch = patchIn(operation) ?? this.#state.transition?.patch ?? ''
    const placeOf = (name: string | null) => this.#placeOf(name, patch)
    for (const one of taskOperations(this.#state, tasks, isFirst, pending, placeOf)) {
      this.#perform(one, uptimeNs)
    }
    return { ...operation, conditions: tasks.conditions } as Operation
  }

  #perform(operation: Operation, uptimeNs: bigint) {
    const at = uptimeNs > this.#state.uptimeNs ? uptimeNs : this.#state.uptimeNs
    const outcome = perform(this.#state, operation, this.#world, at)
    for (const fact of outcome.facts) {
      if (fact.type === 'kernel.printed') this.#printed.push(fact.data)
    }
    return outcome
  }

  #observe(snapshot: StoredEvent | undefined): void {
    if (snapshot?.type !== 'host.observed') return
    const difference =
      compareSysfs(this.#state, snapshot) ?? compareBehaviour(this.#state, snapshot, this.#recorded.returns)
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

  /** A patched function's place; one that no line named may be any that the patch in transition changes. */
  #placeOf(name: string | null, transitionPatch: string): { object: string; name: string } {
    const own = this.#world.modules.get(transitionPatch)
    for (const spec of [...(own === undefined ? [] : [own]), ...this.#world.modules.values()]) {
      for (const object of spec.patch?.objects ?? []) {
        const func = object.functions.find((one) => name === null || one.old === name)
        if (func !== undefined) return { object: object.name, name: func.old }
      }
    }
    return { object: 'vmlinux', name: name ?? '' }
  }
}

/** A switch of a task's own that came after the try had found it in the way: an operation of its own. */
function isLaterSwitch(event: StoredEvent, operation: Operation): boolean {
  if (event.type !== 'task.switched' || event.data.how !== 'self') return false
  const conditions = 'conditions' in operation ? operation.conditions : undefined
  return conditions?.get(taskKey(event.data.pid, event.data.comm)) !== 'self'
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

/** The patch that an operation brings into transition. */
function patchIn(operation: Operation): string | undefined {
  if (operation.op === 'insmod') return operation.module
  return operation.op === 'write-enabled' ? operation.patch : undefined
}
