import type { Operation } from '../../kernel/index.ts'
import { beginRun, type Course } from '../engine/course.ts'
import type { Violation } from '../engine/violation.ts'
import type { TimedOperation } from '../faults/fault.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { simplerWorlds } from './simpler-worlds.ts'
import { withoutNeedless } from './without-needless.ts'

/** Which violation a run is to show: the invariant, and about whom. */
export type Wanted = Pick<Violation, 'invariant' | 'subject'>

/** Steps of a story are so far apart where their times do not matter. */
export const stepNs = 100_000_000n

/**
 * The shortest course that still breaks the invariant about the same subject: no step can be left out, and what
 * the steps speak of is as small as it gets. Null when the course does not break it.
 */
export function shrink(course: Course, wanted: Wanted, invariants: readonly Invariant[]): Course | null {
  const watched = invariants.filter(({ id }) => id === wanted.invariant)
  const breaks = (candidate: Course) => lengthUntil(candidate, wanted, watched)
  const length = breaks(course)
  if (length === null) return null
  const whole = { ...course, operations: course.operations.slice(0, length) }
  const accept = (from: Course, candidate: Course) => (breaks(candidate) === null ? from : candidate)
  const fewer = (from: Course): Course => ({
    ...from,
    operations: withoutNeedless(from.operations, (operations) => breaks({ ...from, operations }) !== null)
  })
  const short = fewer(recentOf(whole, breaks))
  const there = accept(short, tasksFirst(short))
  const plain = accept(there, plainTimes(there))
  const quiet = accept(plain, { ...plain, otherKprobes: false })
  return fewer(smallest(calmest(quiet, breaks), breaks))
}

type Breaks = (candidate: Course) => number | null

/** After how many operations the violation is there; null when it never is. */
function lengthUntil(course: Course, wanted: Wanted, invariants: readonly Invariant[]): number | null {
  const run = beginRun(course, invariants)
  let seen = 0
  for (const [n, { operation, uptimeNs }] of course.operations.entries()) {
    run.perform(operation, uptimeNs)
    const { violations } = run.watch
    if (violations.slice(seen).some((one) => one.subject === wanted.subject)) return n + 1
    seen = violations.length
  }
  return null
}

/**
 * Of a long history mostly the end is needed, and the tasks that it speaks of: looks for an end that does, twice as
 * long each time, so that what comes then does not try the whole history over and over.
 */
function recentOf(course: Course, breaks: Breaks): Course {
  const { operations } = course
  for (let length = 16; length < operations.length; length *= 2) {
    const from = operations.length - length
    const recent = operations.filter((one, n) => n >= from || one.operation.op === 'start-task')
    if (recent.length * 2 > operations.length) break
    const candidate = { ...course, operations: recent }
    if (breaks(candidate) !== null) return candidate
  }
  return course
}

/** The course with its tasks there from the beginning. */
function tasksFirst(course: Course): Course {
  const isFirst = ({ operation }: TimedOperation) =>
    operation.op === 'start-task' && operation.parent === undefined
  const tasks = course.operations.filter(isFirst).map((one) => ({ ...one, uptimeNs: 0n }))
  return { ...course, operations: [...tasks, ...course.operations.filter((one) => !isFirst(one))] }
}

/** The course with its steps at even times; tasks that are there from the beginning take none. */
function plainTimes(course: Course): Course {
  let nowNs = 0n
  const operations = course.operations.map(({ operation, uptimeNs }) => {
    if (uptimeNs === 0n && operation.op === 'start-task') return { operation, uptimeNs }
    nowNs += stepNs
    return { operation, uptimeNs: nowNs }
  })
  return { ...course, operations }
}

/** The course whose tries find as few tasks busy as they may. */
function calmest(course: Course, breaks: Breaks): Course {
  let calm = course
  for (const [n, { operation }] of course.operations.entries()) {
    if (!('conditions' in operation) || operation.conditions === undefined) continue
    const holds = (entries: readonly (readonly [number, 'running' | 'unreliable-stack' | 'self'])[]) =>
      breaks(withOperation(calm, n, { ...operation, conditions: new Map(entries) })) !== null
    const needed = withoutNeedless([...operation.conditions], holds)
    calm = withOperation(calm, n, { ...operation, conditions: new Map(needed) })
  }
  return calm
}

function withOperation(course: Course, at: number, operation: Operation): Course {
  const operations = course.operations.map((one, n) => (n === at ? { ...one, operation } : one))
  return { ...course, operations }
}

/** The course in the smallest world that still shows it. */
function smallest(course: Course, breaks: Breaks): Course {
  let small = course
  for (let found = true; found; ) {
    found = false
    for (const world of simplerWorlds(small)) {
      const candidate = { ...small, world }
      if (breaks(candidate) === null) continue
      small = candidate
      found = true
      break
    }
  }
  return small
}
