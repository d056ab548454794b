import {
  diffStates,
  functionText,
  type KernelState,
  type StateDiff,
  stackText
} from '../../src/projections/index.ts'

/** What an event changed, for highlights and as sentences. */
export interface Changed {
  /** `patch NAME`, `function KEY`, `hook PROGRAM`, `transition`. */
  readonly subjects: ReadonlySet<string>
  readonly lines: readonly string[]
}

/** What differs between the states before and behind an event. */
export function changedBy(before: KernelState, after: KernelState): Changed {
  const diff = diffStates(before, after)
  const subjects = new Set<string>([
    ...diff.patches.added.map((name) => `patch ${name}`),
    ...diff.patches.changed.map(({ name }) => `patch ${name}`),
    ...diff.functions.map((one) => `function ${one.function}`),
    ...[...diff.hooks.attached, ...diff.hooks.changed].map(({ program }) => `hook ${program}`),
    ...(diff.transition === null ? [] : ['transition'])
  ])
  return { subjects, lines: linesOf(diff) }
}

function linesOf(diff: StateDiff): string[] {
  const { patches, functions, hooks, modules, transition } = diff
  return [
    ...patches.added.map((name) => `+ patch ${name}`),
    ...patches.removed.map((name) => `− patch ${name}`),
    ...patches.changed.flatMap(({ name, fields }) => patchLines(name, fields)),
    ...functions.map((one) => {
      return `~ ${functionText(one.function)}: ${stackText(one.before)} → ${stackText(one.after)}`
    }),
    ...hooks.attached.map((hook) => `+ hook ${hook.program} on ${hook.function ?? '?'}`),
    ...hooks.detached.map((hook) => `− hook ${hook.program} on ${hook.function ?? '?'}`),
    ...hooks.changed.map(({ program, status, reach }) => {
      return `~ hook ${program}: ${status.before}, reached by ${reach.before} → ${status.after}, reached by ${reach.after}`
    }),
    ...modules.loaded.map((name) => `+ module ${name}`),
    ...modules.unloaded.map((name) => `− module ${name}`),
    ...(transition === null ? [] : transitionLine(transition))
  ]
}

/** Objects are told by the functions' stacks. */
function patchLines(name: string, fields: StateDiff['patches']['changed'][number]['fields']): string[] {
  const told = Object.entries(fields).filter(([field]) => field !== 'objects' && field !== 'since')
  return told.map(
    ([field, { before, after }]) => `~ patch ${name}: ${field} ${String(before)} → ${String(after)}`
  )
}

function transitionLine({ before, after }: NonNullable<StateDiff['transition']>): string[] {
  if (after === null) return before === null ? [] : [`− transition of ${before.patch}`]
  if (before === null) return [`+ transition of ${after.patch} to ${after.goal}`]
  if (before.goal !== after.goal) return [`~ transition of ${after.patch}: ${before.goal} → ${after.goal}`]
  return [
    `~ transition of ${after.patch}: ${before.switched} → ${after.switched} tasks switched, ${before.blocked} → ${after.blocked} blocked`
  ]
}
