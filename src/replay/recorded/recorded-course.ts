import type { StoredEvent } from '../../events/index.ts'
import type { ModuleSpec, PolicyRules } from '../../kernel/index.ts'
import type { Course } from '../engine/course.ts'
import { historyWorld } from './history-world.ts'
import { prepareOperations } from './prepare-operations.ts'
import { stateBefore } from './recorded-run.ts'

/**
 * What a history tells, from its boot on, as a course that the model can go. Of the manifest only the modules
 * count that the history speaks of: nobody loads the others.
 */
export function recordedCourse(
  history: readonly StoredEvent[],
  rules: PolicyRules,
  manifest: ReadonlyMap<string, ModuleSpec> = new Map()
): Course {
  const told = historyWorld(history, rules)
  const spoken = new Map([...manifest].filter(([name]) => told.modules.has(name)))
  const world = historyWorld(history, rules, spoken)
  const { otherKprobes } = stateBefore(history, world)
  return { world, otherKprobes, operations: prepareOperations(history, world) }
}
