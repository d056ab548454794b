import { type Course, runCourse } from '../engine/course.ts'
import type { Violation } from '../engine/violation.ts'
import { invariantsFor } from '../invariants/catalogue.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { ConcreteRun } from './concrete-run.ts'
import { makeMove } from './make-move.ts'
import { isRefusedForBystander, law } from './packed-laws.ts'
import { Moves, moveArgument, moveName } from './packed-moves.ts'
import { loadBytes, newWork } from './packed-state.ts'
import type { Break, Search } from './search.ts'

/** A shortest way to break an invariant, confirmed by the invariant itself on the kernel model. */
export interface Counterexample {
  readonly invariant: Invariant
  /** How many operations the search needed for it. */
  readonly steps: number
  /** The same as a run of the model. */
  readonly course: Course
  readonly violation: Violation
}

/**
 * Goes the search's way again on the model, under the names that it gives to modules, functions and tasks.
 * @throws Error when the model goes another way or the invariant is not broken: the search would be wrong then
 */
export function retrace(search: Search, found: Break): Counterexample {
  const policy = search.world.world.rules.name
  const invariant = invariantsFor(policy).find(({ id }) => id === found.law)
  if (invariant === undefined) throw new Error(`${found.law} has no meaning under ${policy}`)
  const run = new ConcreteRun(search.world, [invariant])
  const there = search.world.tasks
  for (const state of wayTo(search, found.state)) {
    const target = search.packedAt(state)
    step(search, run, { name: search.table.moveTo(state) >> 8, target, broken: 0 })
  }
  const known = run.watch.violations.length
  if (found.law === 'O6-scope') refuse(search, run)
  else {
    const target = search.packedBehind(found.state, found.move)
    step(search, run, { name: found.move >> 8, target, broken: law[found.law] })
  }
  const violation = run.watch.violations.slice(known).find((one) => one.invariant === found.law)
  if (violation === undefined) throw new Error(`${found.law} is not broken on the model's way to it`)
  const course = { world: run.world, otherKprobes: false, operations: run.operations }
  const steps = run.operations.length - there
  const small = withoutIdle(course)
  const again = runCourse(small, [invariant]).watch.violations.find(
    (one) => one.invariant === found.law && one.subject === violation.subject
  )
  return again === undefined
    ? { invariant, steps, course, violation }
    : { invariant, steps, course: small, violation: again }
}

/** Without tasks that do nothing, and modules that nobody loads. */
function withoutIdle({ world, operations, ...course }: Course): Course {
  const active = new Set(operations.flatMap(({ operation }) => ('task' in operation ? [operation.task] : [])))
  const loaded = new Set(
    operations.flatMap(({ operation }) => (operation.op === 'insmod' ? [operation.module] : []))
  )
  const modules = new Map([...world.modules].filter(([name]) => loaded.has(name)))
  return {
    ...course,
    world: { ...world, modules },
    operations: operations.filter(
      ({ operation }) => operation.op !== 'start-task' || active.has(operation.pid)
    )
  }
}

/** The states from the first move on, up to this one. */
function wayTo(search: Search, state: number): number[] {
  const way: number[] = []
  for (let at = state; at > 0; at = search.table.parentOf(at)) way.push(at)
  return way.reverse()
}

/** Makes the first move of the name that leads to the state, or to one that differs from it by names. */
function step(
  search: Search,
  run: ConcreteRun,
  { name, target, broken }: { readonly name: number; readonly target: string; readonly broken: number }
): void {
  const work = newWork()
  const moves = new Moves()
  const from = run.bytes
  loadBytes(work, from)
  moves.read(work, search.world)
  for (const move of moves.list.subarray(0, moves.count)) {
    if (move >> 8 !== name) continue
    loadBytes(work, from)
    makeMove(work, search.world, move)
    if (search.packed(work.bytes) !== target || (work.broken & broken) !== broken) continue
    const ret = run.move(move)
    if (ret !== 0 || search.packed(run.bytes) !== target)
      throw new Error(`the model does not go the search's way: ${moveName(move)} came to ${ret}`)
    return
  }
  throw new Error(`the search's way is not to be found on the model, at move ${name}`)
}

/** Loads a patch that is refused for the states of one that it would not replace. */
function refuse(search: Search, run: ConcreteRun): void {
  const work = newWork()
  loadBytes(work, run.bytes)
  const moves = new Moves()
  moves.read(work, search.world)
  const { bystanderRefusal: move } = moves
  const { isOpen } = search.world
  const kind = isOpen ? moveArgument(move) >> 1 : moveArgument(move)
  if (move < 0 || !isRefusedForBystander(work, search.world, kind)) throw new Error('nothing is refused here')
  run.move(move)
}
