import type { Fact, StoredEvent } from '../../events/index.ts'
import type { Operation } from '../../kernel/index.ts'
import { copyState, fold, type KernelState } from '../../projections/index.ts'
import { compareFacts, factLine } from '../conform/compare-facts.ts'
import { type RecordedOperation, recordedOperations } from '../recorded/recorded-operation.ts'
import { type Enacted, RecordedRun, stateBefore } from '../recorded/recorded-run.ts'
import type { DatedFact } from '../scenario/run-scenario.ts'
import { type Deed, OtherRun, type OwnDeed } from './other-run.ts'
import { type Change, movedAttach, otherWorld } from './other-world.ts'
import type { RecordedWorld } from './recorded-modules.ts'

/** An operation in both histories. */
export interface WhatIfStep {
  readonly uptimeNs: bigint
  /** As recorded; as the other history has it where it is not recorded. */
  readonly operation: Operation
  /** Null where only the other history has it. */
  readonly recorded: Deed | null
  /** Null where only the recording has it. */
  readonly other: Deed | null
  /** Where the attach goes in the other history, when it is another function. */
  readonly movedTo: string | null
  /** The first fact of either side that the other one does not have; null when the step is the same. */
  readonly parts: { readonly recorded: Fact | null; readonly other: Fact | null } | null
}

export interface WhatIf {
  readonly steps: readonly WhatIfStep[]
  /** The other history: what was before the first operation, and all that followed. */
  readonly facts: readonly DatedFact[]
  /** Whether nothing is otherwise. */
  readonly same: boolean
  readonly assumed: readonly string[]
  /** Recorded operations that the model does not explain: what it says of the other history is as weak. */
  readonly unexplained: number
}

/**
 * Runs the recorded operations through a changed world, beside the model's run of the recording itself. Users'
 * commands come at their recorded times, whatever they come to now: one that is refused now is refused, and what
 * hung on it follows. Tasks do what the recording shows, when it shows it: in which functions they are, when they
 * pass the kernel's exit, who runs when a try comes. A transition that the recording does not have finds every
 * task where it was last seen: who sleeps in a function that it changes is in its way until the recording shows it
 * elsewhere, nobody else is, and its delayed work tries once a second. So it takes the least time that it may take.
 */
export function whatIf(history: readonly StoredEvent[], recorded: RecordedWorld, change: Change): WhatIf {
  return new Comparison(history, recorded, change).run()
}

class Comparison {
  readonly #history: readonly StoredEvent[]
  readonly #recorded: RecordedWorld
  readonly #change: Change
  readonly #other: ReturnType<typeof otherWorld>
  readonly #operations: readonly RecordedOperation[]
  readonly #beginning: readonly StoredEvent[]
  readonly #control: RecordedRun
  readonly #run: OtherRun
  readonly #steps: WhatIfStep[] = []
  #unexplained = 0

  constructor(history: readonly StoredEvent[], recorded: RecordedWorld, change: Change) {
    this.#history = history
    this.#recorded = recorded
    this.#change = change
    this.#other = otherWorld(recorded, change)
    this.#operations = recordedOperations(history)
    const firstNs = this.#operations[0]?.uptimeNs ?? null
    this.#beginning = firstNs === null ? history : history.filter(({ uptimeNs }) => uptimeNs < firstNs)
    const before = fold(stateBefore(history, recorded.world), this.#beginning)
    this.#control = new RecordedRun(copyState(before), recorded.world)
    this.#run = new OtherRun(underRules(before, change), this.#other.world)
  }

  run(): WhatIf {
    let lastNs = this.#beginning.at(-1)?.uptimeNs ?? 0n
    const loaded = new Set<string>()
    this.#operations.forEach((operation, n) => {
      this.#advance(operation.uptimeNs)
      this.#loadBefore(operation, n === 0, lastNs, loaded)
      this.#step(operation)
      lastNs = operation.uptimeNs
    })
    this.#advance((this.#history.at(-1)?.uptimeNs ?? 0n) + 1n)
    return {
      steps: this.#steps,
      facts: [...this.#beginning.map((event) => datedUnder(event, this.#change)), ...this.#run.facts],
      same: this.#steps.every(({ parts }) => parts === null),
      assumed: this.#other.assumed,
      unexplained: this.#unexplained
    }
  }

  #step(recorded: RecordedOperation): void {
    const isOthers = !this.#isShared() && this.#run.state.transition !== null
    const enacted = this.#control.enact(recorded)
    if (enacted === null) return
    const { operations, outcome, own } = enacted
    if (compareFacts(own, outcome.facts) !== null) this.#unexplained += 1
    else if (recorded.errno !== null && recorded.errno !== -outcome.ret) this.#unexplained += 1
    const last = operations.at(-1)?.operation ?? recorded.operation
    for (const { operation, uptimeNs } of operations.slice(0, -1)) this.#run.perform(operation, uptimeNs)
    const moved = movedAttach(last, this.#recorded.world, this.#other.world, this.#change.added)
    const deed = { errno: Math.abs(outcome.ret), facts: datedAs(outcome, recorded) }
    // A try that was recorded is the work of the transition that was recorded.
    const other = last.op === 'try' && isOthers ? null : this.#performOther(moved, recorded, own, deed)
    const movedTo = moved !== last && moved.op === 'attach' ? moved.symbol : null
    this.#steps.push({
      uptimeNs: recorded.uptimeNs,
      operation: recorded.operation,
      recorded: deed,
      other,
      movedTo: last.op === 'attach' && last.symbol === movedTo ? null : movedTo,
      parts: partsOf(deed, other)
    })
  }

  /** Null when the other history does not have it: a load that is left out, a work of the kernel with nothing to do. */
  #performOther(
    operation: Operation,
    { uptimeNs }: RecordedOperation,
    own: readonly StoredEvent[],
    recorded: Deed
  ): Deed | null {
    if (operation.op === 'insmod' && this.#change.without.includes(operation.module)) return null
    const deed = this.#run.perform(operation, uptimeNs, own)
    const isWork = operation.op === 'try' || operation.op === 'free' || operation.op === 'switch'
    return isWork && deed.facts.length === 0 && recorded.facts.length > 0 ? null : deed
  }

  /** The other history's own works, up to a recorded moment. */
  #advance(toNs: bigint): void {
    const frees = new Set(
      this.#control.state.patches.filter(({ offList }) => offList).map(({ name }) => name)
    )
    for (const deed of this.#run.advance(toNs, { transition: this.#isShared(), frees })) this.#addOwn(deed)
  }

  /** Whether the same transition is under way in both histories. */
  #isShared(): boolean {
    const [ours, theirs] = [this.#control.state.transition, this.#run.state.transition]
    return ours !== null && ours.patch === theirs?.patch && ours.goal === theirs.goal
  }

  /** Loads what is added: a second before the step that it is for, or halfway to the one before that. */
  #loadBefore(
    { operation, uptimeNs }: RecordedOperation,
    isFirst: boolean,
    lastNs: bigint,
    loaded: Set<string>
  ): void {
    for (const { spec, loadedBefore } of this.#change.added) {
      if (loaded.has(spec.name) || this.#recorded.world.modules.has(spec.name)) continue
      const isHere =
        loadedBefore === null ? isFirst : operation.op === 'insmod' && operation.module === loadedBefore
      if (!isHere) continue
      loaded.add(spec.name)
      const halfway = uptimeNs - (uptimeNs - lastNs) / 2n
      const aSecond = uptimeNs - 1_000_000_000n
      const atNs = aSecond > halfway ? aSecond : halfway
      const load: Operation = { op: 'insmod', module: spec.name }
      this.#addOwn({ operation: load, uptimeNs: atNs, ...this.#run.perform(load, atNs) })
      this.#advance(uptimeNs)
    }
  }

  #addOwn({ operation, uptimeNs, errno, facts }: OwnDeed): void {
    const other = { errno, facts }
    this.#steps.push({
      uptimeNs,
      operation,
      recorded: null,
      other,
      movedTo: null,
      parts: partsOf(null, other)
    })
  }
}

/** What the host had before the first operation is the same, but it goes by the other rules. */
function underRules(state: KernelState, { rules }: Change): KernelState {
  return { ...copyState(state), policy: rules.name }
}

/** A fold of the history takes its rules from the boot. */
function datedUnder(event: StoredEvent, { rules }: Change): DatedFact {
  const { type, data, uptimeNs } = event
  if (event.type !== 'host.booted') return { type, data, uptimeNs } as DatedFact
  return { type: 'host.booted', data: { ...event.data, policy: rules.name, policyFrom: 'what if' }, uptimeNs }
}

function datedAs({ facts }: Enacted['outcome'], { uptimeNs }: RecordedOperation): DatedFact[] {
  return facts.map((fact) => ({ ...fact, uptimeNs }))
}

/** Where the two sides of a step part: the first fact that the other one does not have at its place. */
function partsOf(recorded: Deed | null, other: Deed | null): WhatIfStep['parts'] {
  const [ours, theirs] = [telling(recorded), telling(other)]
  for (let n = 0; n < Math.max(ours.length, theirs.length); n += 1) {
    const [a, b] = [ours[n], theirs[n]]
    if (a?.line === b?.line) continue
    return { recorded: a?.fact ?? null, other: b?.fact ?? null }
  }
  const isSame = recorded === null || other === null ? recorded === other : recorded.errno === other.errno
  return isSame ? null : { recorded: null, other: null }
}

/** The facts that a comparison looks at, and what it sees of each. What follows from a patch's flags, it will see. */
function telling(deed: Deed | null): Told[] {
  return (deed?.facts ?? []).flatMap((fact): Told[] => {
    const line = factLine(fact)
    if (line === null || isOfNoNops(fact)) return []
    if (fact.type !== 'patch.enabled') return [{ fact, line }]
    return [{ fact, line: `patch.enabled ${fact.data.patch} ${JSON.stringify(fact.data.objects)}` }]
  })
}

/** Who replaces discards nops whether or not it has any. */
function isOfNoNops(fact: Fact): boolean {
  if (fact.type === 'object.unpatched') return fact.data.nopsOnly && fact.data.functions === null
  return fact.type === 'nop.discarded'
}

interface Told {
  readonly fact: DatedFact
  readonly line: string
}
