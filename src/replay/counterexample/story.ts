import type { Operation } from '../../kernel/index.ts'
import { copyState, diffStates, type KernelState } from '../../projections/index.ts'
import { beginRun, type Course } from '../engine/course.ts'
import type { Violation } from '../engine/violation.ts'
import { keyOf } from '../engine/watch.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { stepOf, TaskNames } from '../scenario/operation-step.ts'
import { stepTitle } from '../scenario/step-operations.ts'
import { changeLines } from '../scenario/step-text.ts'
import type { Wanted } from './shrink.ts'

/** A step of a story. */
export interface StoryStep {
  readonly uptimeNs: bigint
  /** Who does it: a task, an administrator, a work of the kernel's. */
  readonly who: string
  readonly what: string
  /** 0, or the positive errno of the refusal. */
  readonly errno: number
  /** What it changed, a line each. */
  readonly changes: readonly string[]
  /** What is wrong from here on; empty before it. */
  readonly wrong: readonly string[]
}

/** A run that breaks an invariant, told step by step. */
export interface Story {
  /** The tasks that are there from the beginning. */
  readonly tasks: readonly string[]
  readonly steps: readonly StoryStep[]
  readonly violation: Violation
  /** Why it is wrong: what should be true, and who promises it. */
  readonly why: string
}

/** Tells a course that breaks an invariant. Null when it does not. */
export function tell(course: Course, wanted: Wanted, invariants: readonly Invariant[]): Story | null {
  const invariant = invariants.find(({ id }) => id === wanted.invariant)
  if (invariant === undefined) return null
  const names = new TaskNames(tasksOf(course))
  const run = beginRun(course, [invariant])
  const steps: StoryStep[] = []
  const there = countThere(course)
  let told = 0
  for (const [n, { operation, uptimeNs }] of course.operations.entries()) {
    const before = copyState(run.state)
    const { ret } = run.perform(operation, uptimeNs)
    if (n < there) continue
    const { violations } = run.watch
    const wrong = violations.slice(told).filter((one) => isWanted(one, wanted))
    told = violations.length
    steps.push(stepOfStory(operation, names, before, run.state, ret, wrong))
  }
  const violation = run.watch.violations.find((one) => isWanted(one, wanted))
  if (violation === undefined) return null
  const tasks = tasksOf({ ...course, operations: course.operations.slice(0, there) })
  return {
    tasks: tasks.map(({ pid, comm }) => `${comm}:${pid}`),
    steps,
    violation,
    why: whyOf(invariant, violation, course)
  }
}

function isWanted(one: Violation, { invariant, subject }: Wanted): boolean {
  return keyOf(one.invariant, one.subject) === keyOf(invariant, subject)
}

/** With how many operations a course brings the tasks that are there before its story begins. */
export function countThere({ operations }: Course): number {
  const begin = operations.findIndex(
    ({ operation, uptimeNs }) =>
      uptimeNs > 0n || operation.op !== 'start-task' || operation.parent !== undefined
  )
  return begin < 0 ? operations.length : begin
}

/** Every task that the course speaks of. */
export function tasksOf({ operations }: Course): { pid: number; comm: string }[] {
  return operations.flatMap(({ operation }) =>
    operation.op === 'start-task' ? [{ pid: operation.pid, comm: operation.comm }] : []
  )
}

function stepOfStory(
  operation: Operation,
  names: TaskNames,
  before: KernelState,
  after: KernelState,
  ret: number,
  wrong: readonly Violation[]
): StoryStep {
  return {
    uptimeNs: after.uptimeNs,
    who: whoDoes(operation, names),
    what: stepTitle(stepOf(operation, names)),
    errno: -ret,
    changes: changeLines({ before, after, changes: diffStates(before, after) }),
    wrong: wrong.map(({ text }) => text)
  }
}

function whoDoes(operation: Operation, names: TaskNames): string {
  switch (operation.op) {
    case 'try':
      return "livepatch's delayed work"
    case 'free':
      return "the patch's free work"
    case 'start-task':
      return operation.parent === undefined ? 'the kernel' : `task ${names.of(operation.parent)}`
    case 'switch':
    case 'exit-task':
    case 'call':
    case 'return':
      return `task ${names.of(operation.task)}`
    default:
      return 'an administrator'
  }
}

function whyOf({ id, says }: Invariant, { promised }: Violation, { world }: Course): string {
  const whose = promised
    ? `${world.rules.name} promises it`
    : `${world.rules.name} does not promise it: a hazard that users have to know of`
  return `${id} is broken: ${says} (${whose}.)`
}
