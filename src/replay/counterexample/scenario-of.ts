import { stringify } from 'yaml'
import type { Course } from '../engine/course.ts'
import { moduleEntry } from '../scenario/module-entry.ts'
import { stepOf, TaskNames } from '../scenario/operation-step.ts'
import { stepNs } from './shrink.ts'
import { countThere, tasksOf } from './story.ts'

/** What a scenario says of itself. */
export interface Heading {
  readonly title: string
  /** What happens and why it matters. */
  readonly story: string
}

/** A course as a scenario that `klplog simulate` runs. */
export function toScenario(course: Course, { title, story }: Heading): string {
  const { world, operations, otherKprobes } = course
  const begin = countThere(course)
  const there = operations.slice(0, begin)
  const symbols = symbolsOf(course)
  const head = {
    title,
    story,
    policy: world.rules.name,
    ...(world.traits.release === '6.12' ? {} : { kernel: world.traits.release }),
    ...(world.bugs === undefined || world.bugs.size === 0 ? {} : { bugs: [...world.bugs] }),
    modules: Object.fromEntries([...world.modules].map(([name, spec]) => [name, moduleEntry(spec)])),
    ...(there.length === 0 ? {} : { tasks: tasksOf({ ...course, operations: there }) }),
    ...(otherKprobes ? { tracer: true } : {}),
    ...(symbols === null ? {} : { symbols })
  }
  return `${stringify(head, { lineWidth: 100 })}steps:\n${stepLines({ ...course, operations: operations.slice(begin) }, course)}`
}

/** A line a step, as people write them. */
function stepLines({ operations }: Course, whole: Course): string {
  const names = new TaskNames(tasksOf(whole))
  let nowNs = 0n
  const lines = operations.map(({ operation, uptimeNs }) => {
    const { verb: _verb, ...step } = stepOf(operation, names)
    const isNext = uptimeNs === nowNs + stepNs
    nowNs = uptimeNs > nowNs ? uptimeNs : nowNs
    const timed = isNext ? step : { ...step, at: `${nowNs}ns` }
    return `  - ${stringify(timed, { collectionStyle: 'flow', lineWidth: 0 }).trim()}\n`
  })
  return lines.join('')
}

function symbolsOf({ world }: Course) {
  if (world.symbolCounts.size === 0) return null
  const withCount = (fits: (count: number) => boolean) =>
    [...world.symbolCounts].filter(([, count]) => fits(count)).map(([name]) => name)
  return { missing: withCount((count) => count === 0), ambiguous: withCount((count) => count > 1) }
}
