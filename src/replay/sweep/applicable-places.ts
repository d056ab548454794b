import { beginRun, type Course } from '../engine/course.ts'
import type { KernelFault } from '../faults/fault.ts'

/** Before which operations of a run the fault applies in some way. */
export function applicablePlaces(course: Course, fault: KernelFault, ahead: number): number[] {
  const run = beginRun(course, [])
  const { state, world } = run
  return course.operations.flatMap(({ operation, uptimeNs }, place) => {
    const next = course.operations.slice(place, place + ahead)
    const applies = fault.inject({ state, world, ahead: next }).length > 0
    run.perform(operation, uptimeNs)
    return applies ? [place] : []
  })
}
