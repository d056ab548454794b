import { z } from 'zod'
import type { StoredEvent } from '../../events/index.ts'
import {
  type FunctionView,
  findPatch,
  functionViews,
  type KernelState,
  ORIGINAL
} from '../../projections/index.ts'
import type { Difference } from './compare-facts.ts'

/** What calls returned when a snapshot was taken, under the recorder's names. */
const behaviour = z.object({
  cmdline: z.string().nullable(),
  loadavg: z.string().nullable(),
  lp_target_value: z.string().nullable(),
  getpgrp: z.number(),
  /** What the original getpgrp() would have returned. */
  self_pgid: z.number()
})
const recordedSnapshot = z.looseObject({ behaviour })

/** What functions return, by `module:function`, as a manifest tells. */
export type Returns = ReadonlyMap<string, string>

/**
 * What a snapshot's own calls returned against what the model has them run; null when they agree, when
 * something moved meanwhile, or when the evidence has no such part.
 */
export function compareBehaviour(
  state: KernelState,
  snapshot: Extract<StoredEvent, { type: 'host.observed' }>,
  returns: Returns
): Difference | null {
  if (BigInt(snapshot.data.fromNs) <= state.changedNs) return null
  const seen = parse(snapshot.evidence.raw)
  if (seen === null) return null
  const evidence = [`${snapshot.evidence.source}:${snapshot.evidence.line}`]
  const views = new Map(functionViews(state).map((view) => [view.function, view]))
  for (const [key, observed] of Object.entries(seen)) {
    if (observed === null) continue
    const possible = expectations(state, views.get(key), key, returns)
    if (possible.length === 0 || possible.includes(observed)) continue
    // What an original function returns, no manifest tells; it only must not be what a patch's version returns.
    if (possible.includes(ORIGINAL) && !patchReturns(returns, observed)) continue
    return {
      mechanism: 'behaviour',
      expected: `${key} ${possible.join(' or ')}`,
      observed: `${key} ${observed}`,
      evidence
    }
  }
  return null
}

function parse(raw: string): Record<string, string | null> | null {
  let json: unknown
  try {
    json = JSON.parse(raw)
  } catch {
    return null
  }
  const parsed = recordedSnapshot.safeParse(json)
  if (!parsed.success) return null
  const { cmdline, loadavg, lp_target_value: value, getpgrp, self_pgid: pgid } = parsed.data.behaviour
  return {
    'vmlinux:cmdline_proc_show,1': procVersion(cmdline),
    'vmlinux:loadavg_proc_show,1': procVersion(loadavg),
    'lp_target:lp_target_value,1': value === null ? null : value.trim(),
    // A call that returns the caller's own group was the original's, whatever number that is.
    'vmlinux:__x64_sys_getpgrp,1': getpgrp === pgid ? ORIGINAL : String(getpgrp)
  }
}

/** A patched /proc file begins with the name of the patch. */
function procVersion(text: string | null): string | null {
  if (text === null) return null
  return text.startsWith(ORIGINAL) ? ORIGINAL : text.slice(0, text.indexOf(':'))
}

/** What a call may return: two things while a transition decides between two versions. */
function expectations(
  state: KernelState,
  view: FunctionView | undefined,
  key: string,
  returns: Returns
): string[] {
  const views = view === undefined ? [{ version: ORIGINAL, hook: null }] : [view.switched, view.unswitched]
  return views.flatMap((one) => {
    const hook = state.hooks.find((candidate) => candidate.program === one.hook)
    if (hook?.filter != null) return []
    if (hook?.overrides === true) return hook.overrideValue === null ? [] : [hook.overrideValue]
    return returned(state, one.version, key, returns)
  })
}

function patchReturns(returns: Returns, value: string): boolean {
  return [...returns.values()].includes(value)
}

function returned(state: KernelState, version: string, key: string, returns: Returns): string[] {
  const [object = '', name = ''] = key.replace(/,\d+$/, '').split(':')
  if (version === ORIGINAL) return [returns.get(`${object}:${name}`) ?? ORIGINAL]
  const functions = findPatch(state, version)?.objects.find((one) => one.name === object)?.functions ?? []
  const newName = functions.find((func) => func.name === name)?.newName
  return [returns.get(`${version}:${newName}`) ?? version]
}
