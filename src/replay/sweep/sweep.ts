import { beginRun, type Course, runCourse } from '../engine/course.ts'
import type { ModelRun } from '../engine/model-run.ts'
import { settle } from '../engine/settle.ts'
import { keyOf } from '../engine/watch.ts'
import type { Injection, KernelFault, TimedOperation } from '../faults/fault.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { Chance } from './chance.ts'
import { type Finding, Findings, type InjectedFault } from './finding.ts'

/** A fault, and the operations before which it may happen. */
export interface PlacedFault {
  readonly fault: KernelFault
  isAt(place: number): boolean
}

export interface SweepPlan {
  readonly course: Course
  readonly invariants: readonly Invariant[]
  readonly faults: readonly PlacedFault[]
  /** How many faults at most happen in one run. */
  readonly depth: number
  /** How many operations of the recording a run goes on behind its first fault. */
  readonly ahead: number
  /** Runs with faults at random instead of every fault at every place. */
  readonly random: { readonly seed: number; readonly runs: number } | null
}

/** How far a sweep is. */
export interface SweepProgress {
  readonly places: number
  readonly placesTotal: number
  readonly injections: number
  readonly findings: number
}

/** A transition that has not ended after so many tries will not. */
const triesMax = 20
/** Behind a first fault, at how many operations the next one is tried. */
const secondPlacesMax = 8
/** So many injections are told of at once. */
const pageInjections = 50
/** How likely a random run has its next fault before a given operation. */
const nextFaultChance = 0.25

/** A run that has left the recorded one. */
interface Branch {
  readonly run: ModelRun
  /** What would come next. */
  readonly ahead: readonly TimedOperation[]
  /** How many operations of the whole run came before. */
  readonly place: number
  readonly faults: readonly InjectedFault[]
  /** What was performed since the first fault. */
  readonly done: readonly TimedOperation[]
  /** What is broken without the next fault as well. */
  readonly known: ReadonlySet<string>
}

/**
 * Performs the operations once and at each place forks the run for each fault that applies there. A fork takes the
 * state and the watch along and goes on for a bounded way: what an injection costs does not depend on how long the
 * history is.
 */
export class Sweep {
  readonly #plan: SweepPlan
  readonly #findings = new Findings()
  /** Which random runs begin at a place; null: every fault at every place. */
  readonly #runsAt: ReadonlyMap<number, readonly number[]> | null
  /** Random runs whose place has come and no fault that applies. */
  #waiting: readonly number[] = []
  /** What breaks in the recorded run itself. */
  #recorded: ReadonlySet<string> = new Set()
  #places = 0
  #injections = 0

  constructor(plan: SweepPlan) {
    this.#plan = plan
    this.#runsAt = plan.random === null ? null : scattered(plan.random, plan.course.operations.length)
  }

  get findings(): readonly Finding[] {
    return this.#findings.list()
  }

  get progress(): SweepProgress {
    return {
      places: this.#places,
      placesTotal: this.#plan.course.operations.length,
      injections: this.#injections,
      findings: this.#findings.size
    }
  }

  /** Does the work, and tells how far it is now and then. It may be left at any page. */
  *pages(): Generator<SweepProgress> {
    const { course, invariants, ahead } = this.#plan
    this.#recorded = keysOf(runCourse(course, invariants))
    const run = beginRun(course, invariants)
    let told = 0
    for (const [place, { operation, uptimeNs }] of course.operations.entries()) {
      for (const _injection of this.#at(run, place, course.operations.slice(place, place + ahead))) {
        this.#injections += 1
        if (this.#injections - told < pageInjections) continue
        told = this.#injections
        yield this.progress
      }
      run.perform(operation, uptimeNs)
      this.#places += 1
      if (this.#places % pageInjections === 0) yield this.progress
    }
    yield this.progress
  }

  #at(run: ModelRun, place: number, ahead: readonly TimedOperation[]): Iterable<void> {
    const branch = { run, place, ahead, faults: [], done: [], known: new Set<string>() }
    if (this.#runsAt === null) return this.#every(branch)
    this.#waiting = [...this.#waiting, ...(this.#runsAt.get(place) ?? [])]
    return this.#waiting.length === 0 ? [] : this.#random(branch)
  }

  /** Every fault in every way; and behind it, up to the depth, every other. */
  *#every(branch: Branch): Generator<void> {
    const ways = this.#waysAt(branch)
    if (ways.length === 0) return
    const base = branch.faults.length === 0 ? { ...branch, known: this.#unfaulted(branch) } : branch
    for (const way of ways) {
      const broken = this.#inject(base, way)
      yield
      if (branch.faults.length + 1 >= this.#plan.depth) continue
      yield* this.#behind({ ...begun(base, way), known: new Set([...base.known, ...broken]) })
    }
  }

  *#behind(branch: Branch): Generator<void> {
    let { done } = branch
    for (const [n, timed] of branch.ahead.slice(0, secondPlacesMax).entries()) {
      branch.run.perform(timed.operation, timed.uptimeNs)
      done = [...done, timed]
      yield* this.#every({ ...branch, ahead: branch.ahead.slice(n + 1), place: branch.place + n + 1, done })
    }
  }

  *#random(branch: Branch): Generator<void> {
    if (this.#waysAt(branch).length === 0) return
    const known = this.#unfaulted(branch)
    const runs = this.#waiting
    this.#waiting = []
    for (const number of runs) {
      const chance = new Chance(this.#plan.random?.seed ?? 0, number)
      this.#oneRandom({ ...branch, known }, chance)
      yield
    }
  }

  /** One random run: a fault here, and maybe more on the way. */
  #oneRandom(base: Branch, chance: Chance): void {
    const ways = this.#waysAt(base)
    const way = ways[chance.below(ways.length)]
    if (way === undefined) return
    let branch = begun(base, way)
    while (branch.ahead.length > 0 && branch.faults.length < this.#plan.depth) {
      const next = chance.next() < nextFaultChance ? this.#waysAt(branch) : []
      const more = next[chance.below(next.length)]
      if (more !== undefined) branch = begun(branch, more)
      const [timed, ...ahead] = branch.ahead
      if (timed === undefined) break
      branch.run.perform(timed.operation, timed.uptimeNs)
      branch = { ...branch, ahead, place: branch.place + 1, done: [...branch.done, timed] }
    }
    this.#finish(branch)
  }

  #waysAt({ run, place, ahead }: Branch): Way[] {
    const { state, world } = run
    return this.#plan.faults
      .filter((one) => one.isAt(place))
      .flatMap(({ fault }) =>
        fault.inject({ state, world, ahead }).map((injection) => ({ fault: fault.name, injection }))
      )
  }

  /** Goes the way of an injection to its end; returns what it broke. */
  #inject(base: Branch, way: Way): ReadonlySet<string> {
    return this.#finish(begun(base, way))
  }

  #finish(branch: Branch): ReadonlySet<string> {
    const { run, faults, known } = branch
    const { operations, keys } = goAhead(run, branch)
    for (const violation of run.watch.violations) {
      if (known.has(keyOf(violation.invariant, violation.subject))) continue
      this.#findings.add({ faults, violation, world: run.world, operations })
    }
    return keys
  }

  /** What the run has broken, or breaks on its way ahead, without a fault. */
  #unfaulted(branch: Branch): ReadonlySet<string> {
    return new Set([...this.#recorded, ...goAhead(branch.run.fork(), branch).keys])
  }
}

/** A fault in one of its ways. */
interface Way {
  readonly fault: string
  readonly injection: Injection
}

function begun({ run, place, faults, done, known }: Branch, { fault, injection }: Way): Branch {
  return {
    run: run.fork(injection.world),
    ahead: injection.ahead,
    place,
    faults: [...faults, { fault, variant: injection.variant, place }],
    done,
    known
  }
}

/** Goes on to the end of the branch. */
function goAhead(run: ModelRun, { ahead, done }: Branch) {
  for (const { operation, uptimeNs } of ahead) run.perform(operation, uptimeNs)
  const operations = [...done, ...ahead, ...settle(run, triesMax)]
  return { operations, keys: keysOf(run) }
}

function keysOf(run: ModelRun): Set<string> {
  return new Set(run.watch.violations.map((one) => keyOf(one.invariant, one.subject)))
}

/** Which random runs begin at which place. */
function scattered({ seed, runs }: { seed: number; runs: number }, places: number): Map<number, number[]> {
  const chance = new Chance(seed, -1)
  const found = new Map<number, number[]>()
  for (let run = 0; run < runs; run += 1) {
    const place = chance.below(places)
    found.set(place, [...(found.get(place) ?? []), run])
  }
  return found
}
