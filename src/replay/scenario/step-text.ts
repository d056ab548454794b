import { pendingTasks } from '../../kernel/index.ts'
import type { Change, KernelState, StateDiff } from '../../projections/index.ts'
import { hookRows, stackText } from '../../projections/index.ts'
import type { StepResult } from './run-scenario.ts'

/** What a step, or an event, changed, a line each: patch stack, function stacks, hook table, modules. */
export function changeLines({
  changes,
  before,
  after
}: Pick<StepResult, 'changes' | 'before' | 'after'>): string[] {
  return [
    ...changes.modules.loaded.map((name) => `+ module ${name}`),
    ...changes.patches.added.map((name) => `+ patch ${name}`),
    ...changes.patches.changed.flatMap(({ name, fields }) => patchLine(name, fields)),
    ...transitionLine(before, after),
    ...changes.functions.map(
      (one) => `~ ${one.function.replace(/,1$/, '')}: ${stackText(one.before)} -> ${stackText(one.after)}`
    ),
    ...hookLines(changes.hooks, after),
    ...changes.patches.removed.map((name) => `- patch ${name}`),
    ...changes.modules.unloaded.map((name) => `- module ${name}`)
  ]
}

/** What sysfs shows of a patch itself; its objects show as function stacks, its place as the list's order. */
const shown = ['enabled', 'forced', 'replaceable', 'replacedBy']

function patchLine(name: string, fields: Readonly<Record<string, Change<unknown>>>): string[] {
  const words = Object.entries(fields)
    .filter(([field]) => shown.includes(field))
    .map(([field, { before, after }]) =>
      field === 'replacedBy' ? `replaced by ${word(after)}` : `${field} ${word(before)} -> ${word(after)}`
    )
  return words.length === 0 ? [] : [`~ patch ${name}: ${words.join(', ')}`]
}

function word(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
}

function transitionLine(before: KernelState, after: KernelState): string[] {
  const [was, is] = [transitionText(before), transitionText(after)]
  return was === is ? [] : [`~ transition: ${was} -> ${is}`]
}

function transitionText(state: KernelState): string {
  const { transition } = state
  if (transition === null) return 'none'
  const waiting = pendingTasks(state).map(({ pid, comm }) => `${comm}:${pid}`)
  const whom = waiting.length === 0 ? '' : `, waiting for ${waiting.join(', ')}`
  return `${transition.patch} to ${transition.goal}${whom}`
}

function hookLines({ attached, detached, changed }: StateDiff['hooks'], after: KernelState): string[] {
  const rows = hookRows(after)
  return [
    ...attached.map((hook) => {
      const status = rows.findLast((row) => row.program === hook.program)?.status ?? ''
      const place = hook.module === null ? hook.function : `${hook.module}:${hook.function}`
      return `+ hook ${hook.program} on ${place}: ${status}`
    }),
    ...detached.map(({ program }) => `- hook ${program}`),
    ...changed.map(({ program, status, reach }) => {
      const reason = rows.find((row) => row.program === program)?.reason
      const why = reason === null || reason === undefined ? '' : ` (${reason})`
      const reached = reach.before === reach.after ? '' : `, reached by ${reach.before} -> ${reach.after}`
      const what = status.before === status.after ? status.after : `${status.before} -> ${status.after}`
      return `~ hook ${program}: ${what}${reached}${why}`
    })
  ]
}
