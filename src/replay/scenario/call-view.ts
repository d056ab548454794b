import { pendingTasks, versionFor } from '../../kernel/index.ts'
import { functionKey, hookView, type KernelState, ORIGINAL, type TaskState } from '../../projections/index.ts'
import type { Scenario } from './scenario.ts'

/** What a call of a task runs. */
export interface CallView {
  /** The patch whose version it is, or `original`. */
  readonly version: string
  /** The program that the call reaches. */
  readonly hook: string | null
  /** What it returns; null where nothing says. */
  readonly value: string | null
}

/** `MODULE:NAME`, or `NAME` of vmlinux, in its two parts. */
export function splitName(name: string): { readonly object: string; readonly func: string } {
  const colon = name.indexOf(':')
  return colon < 0
    ? { object: 'vmlinux', func: name }
    : { object: name.slice(0, colon), func: name.slice(colon + 1) }
}

/** What a call of the function would run for the task at this moment. */
export function callView(state: KernelState, task: TaskState, name: string, scenario: Scenario): CallView {
  const { object, func } = splitName(name)
  const key = functionKey(object, func, 1)
  const version = versionFor(state, task, key)
  const hook = hookMet(state, task, key)
  const overridden = state.hooks.find((one) => one.program === hook && one.overrides === true)?.overrideValue
  return { version, hook, value: overridden ?? returnedBy(version, name, object, func, scenario) }
}

/** The program that the task's call meets: one that overrides before one that only looks on. */
function hookMet(state: KernelState, task: TaskState, key: string): string | null {
  const isPending = pendingTasks(state).includes(task)
  const met = state.hooks.filter((hook) => {
    const { reach, functions } = hookView(state, hook)
    if (!functions.includes(key)) return false
    return reach === 'all' || (reach !== 'none' && (reach === 'unswitched') === isPending)
  })
  return (met.find((hook) => hook.overrides === true) ?? met[0])?.program ?? null
}

function returnedBy(
  version: string,
  name: string,
  object: string,
  func: string,
  { modules, returns }: Scenario
): string | null {
  if (version === ORIGINAL) return returns.get(name) ?? null
  const patched = modules.get(version)?.patch?.objects.find((one) => one.name === object)
  const replacement = patched?.functions.find((one) => one.old === func)
  return replacement === undefined ? null : (returns.get(`${version}:${replacement.new}`) ?? null)
}
