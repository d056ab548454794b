import type { HistoryEvent, StoredEvent } from '../../events/index.ts'
import { type Operation, type Outcome, pendingTasks, perform, type World } from '../../kernel/index.ts'
import { emptyState, type KernelState, taskKey } from '../../projections/index.ts'
import type { TimedOperation } from '../faults/fault.ts'
import type { RecordedOperation } from './recorded-operation.ts'
import { taskOperations, tasksOfTry } from './tasks-of-try.ts'

/** What a recorded operation was on the model. */
export interface Enacted {
  /** What tasks did for the operation to find them as recorded, and last the operation itself. */
  readonly operations: readonly TimedOperation[]
  readonly outcome: Outcome
  /** The recorded events that the operation itself gave. */
  readonly own: readonly StoredEvent[]
}

/** The state that a recording begins with. */
export function stateBefore(history: readonly HistoryEvent[], world: World): KernelState {
  return {
    ...emptyState(),
    policy: world.rules.name,
    // Whether the recorder's own kprobes were armed decides who wins on an original function.
    otherKprobes: history.some((event) => event.type === 'host.booted' && event.data.kprobeTracer)
  }
}

/**
 * The model beside a recording: before each recorded operation its tasks are brought to where the recording
 * shows them, which only a state that has come all the way can tell.
 */
export class RecordedRun {
  readonly state: KernelState
  readonly #world: World
  /** Who hears of every outcome, of the tasks' part too. */
  readonly #onOutcome: (outcome: Outcome) => void
  /** Switches of tasks' own that an operation beside them has told already, by position. */
  readonly #told = new Set<number>()

  constructor(state: KernelState, world: World, onOutcome: (outcome: Outcome) => void = () => {}) {
    this.state = state
    this.#world = world
    this.#onOutcome = onOutcome
  }

  /** Performs the operation; null when it is a task's switch that another operation has told of. */
  enact(recorded: RecordedOperation): Enacted | null {
    const { operation, events } = recorded
    if (operation.op === 'switch' && events.some((event) => this.#told.has(event.position))) return null
    const operations: TimedOperation[] = []
    for (const before of this.#tasksPart(recorded)) this.#perform(before, recorded, operations)
    const ready = readyOperation(recorded)
    const outcome = this.#perform(ready, recorded, operations)
    const own = operation.op === 'switch' ? events : events.filter((event) => !isLaterSwitch(event, ready))
    for (const event of own) if (event.type === 'task.switched') this.#told.add(event.position)
    return { operations, outcome, own }
  }

  /** What brings the model's tasks to where the recording shows them. */
  #tasksPart({ operation, events }: RecordedOperation): readonly Operation[] {
    if (operation.op === 'switch') {
      const { task } = operation
      const frames = this.state.tasks.get(task)?.frames ?? []
      return frames.map(() => ({ op: 'return', task }))
    }
    if (!isTried(events)) return []
    const isFirst = operation.op !== 'try'
    const patch = patchIn(operation) ?? this.state.transition?.patch ?? ''
    const placeOf = (name: string | null) => placeIn(this.#world, name, patch)
    return taskOperations(this.state, tasksOfTry(events), isFirst, pendingTasks(this.state), placeOf)
  }

  #perform(operation: Operation, { uptimeNs }: RecordedOperation, done: TimedOperation[]): Outcome {
    const at = uptimeNs > this.state.uptimeNs ? uptimeNs : this.state.uptimeNs
    const outcome = perform(this.state, operation, this.#world, at)
    done.push({ operation, uptimeNs: at })
    this.#onOutcome(outcome)
    return outcome
  }
}

function isTried(events: readonly StoredEvent[]): boolean {
  return events.some((event) => event.type === 'transition.tried')
}

/** The operation with what its try finds tasks doing. */
function readyOperation({ operation, events }: RecordedOperation): Operation {
  if (operation.op === 'switch' || !isTried(events)) return operation
  return { ...operation, conditions: tasksOfTry(events).conditions } as Operation
}

/** A switch of a task's own that came after the try had found it in the way: an operation of its own. */
function isLaterSwitch(event: StoredEvent, operation: Operation): boolean {
  if (event.type !== 'task.switched' || event.data.how !== 'self') return false
  const conditions = 'conditions' in operation ? operation.conditions : undefined
  return conditions?.get(taskKey(event.data.pid, event.data.comm)) !== 'self'
}

/** The patch that an operation brings into transition. */
function patchIn(operation: Operation): string | undefined {
  if (operation.op === 'insmod') return operation.module
  return operation.op === 'write-enabled' ? operation.patch : undefined
}

/** A patched function's place; one that no line named may be any that the patch in transition changes. */
function placeIn(
  world: World,
  name: string | null,
  transitionPatch: string
): { object: string; name: string } {
  const own = world.modules.get(transitionPatch)
  for (const spec of [...(own === undefined ? [] : [own]), ...world.modules.values()]) {
    for (const object of spec.patch?.objects ?? []) {
      const func = object.functions.find((one) => name === null || one.old === name)
      if (func !== undefined) return { object: object.name, name: func.old }
    }
  }
  return { object: 'vmlinux', name: name ?? '' }
}
