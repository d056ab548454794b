import { table } from '../output.ts'
import { blockedText, taskText } from '../wording.ts'
import type { Session } from './session.ts'

/** The tasks that the history tells of: where the transition has them, and in which functions they are. */
export function taskTable({ app, question, state }: Session): string {
  const { transition } = state
  const keys = new Set([
    ...state.tasks.keys(),
    ...(transition?.switched.keys() ?? []),
    ...(transition?.blocked.keys() ?? [])
  ])
  if (keys.size === 0) return 'The history tells of no task here.'
  const rows = [...keys].map((key) => {
    const task = state.tasks.get(key)
    const blocked = transition?.blocked.get(key)
    const switchedNs = transition?.switched.get(key)
    const comm = task?.comm ?? blocked?.comm ?? ''
    const name = comm === '' ? String(key) : taskText(comm, Math.max(key, 0))
    const frames = task?.frames.map((frame) => `${frame.function} (${frame.version})`).join(' > ') ?? ''
    const where =
      transition === null
        ? null
        : switchedNs !== undefined
          ? `switched at ${question.times.short(switchedNs)}`
          : blocked === undefined
            ? 'not switched'
            : `${blockedText(blocked.reason, blocked.function)} since ${question.times.short(blocked.sinceNs)}`
    return [name, where, frames === '' ? null : frames]
  })
  const head = transition === null ? 'TRANSITION' : `TRANSITION OF ${transition.patch}`
  return table(app, [{ head: 'TASK' }, { head }, { head: 'IN' }], rows)
}
