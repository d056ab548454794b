import type { Policy } from '../../src/events/index.ts'
import type { KernelState, PatchState } from '../../src/projections/index.ts'
import { functionKey } from '../../src/projections/index.ts'
import type { Moment, Trail } from './trail.ts'

/** A law of E, by its id, in a sentence, and under which policies it has to hold. */
export interface Invariant {
  readonly id: string
  readonly says: string
  readonly holds: readonly Policy[]
  /** The first place where it is broken, in words; null where it is kept. */
  readonly broken: (trail: Trail) => string | null
}

export const everywhere: readonly Policy[] = ['mainline', 'hybrid', 'replace-set']

/** The first complaint about a pair of moments that follow each other. */
export function eachPair(
  { moments }: Trail,
  complain: (before: Moment, after: Moment, at: number) => string | null
): string | null {
  for (let at = 1; at < moments.length; at += 1) {
    const complaint = complain(moments[at - 1] as Moment, moments[at] as Moment, at)
    if (complaint !== null) return `${complaint} (moment ${at})`
  }
  return null
}

/** The first complaint about a state that an operation left. */
export function eachRest({ moments }: Trail, complain: (moment: Moment) => string | null): string | null {
  for (const [at, moment] of moments.entries()) {
    const complaint = moment.ret === null ? null : complain(moment)
    if (complaint !== null) return `${complaint} (moment ${at})`
  }
  return null
}

/** The first complaint about an operation: what was before it, and what it came to. */
export function eachOperation(
  { moments }: Trail,
  complain: (before: Moment, after: Moment, within: readonly Moment[]) => string | null
): string | null {
  let from = 0
  for (let at = 1; at < moments.length; at += 1) {
    const after = moments[at] as Moment
    if (after.ret === null) continue
    const complaint = complain(moments[from] as Moment, after, moments.slice(from + 1, at))
    if (complaint !== null) return `${JSON.stringify(after.operation)}: ${complaint} (moment ${at})`
    from = at
  }
  return null
}

/** A transition of the trail: from the fact that began it to its completion, as places in the moments. */
export interface Span {
  readonly patch: string
  readonly kind: 'enable' | 'disable'
  readonly from: number
  readonly to: number
  readonly goal: 'patched' | 'unpatched'
  readonly wasForced: boolean
}

/** Transitions that were completed within the trail. */
export function spans({ moments }: Trail): Span[] {
  const found: Span[] = []
  let open: { patch: string; kind: Span['kind']; from: number; wasForced: boolean } | null = null
  moments.forEach(({ fact }, at) => {
    if (fact?.type === 'patch.enabled')
      open = { patch: fact.data.patch, kind: 'enable', from: at, wasForced: false }
    if (fact?.type === 'patch.disabled')
      open = { patch: fact.data.patch, kind: 'disable', from: at, wasForced: false }
    if (fact?.type === 'transition.forced' && open !== null) open.wasForced = true
    if (fact?.type !== 'transition.completed' || open === null) return
    found.push({ ...open, to: at, goal: fact.data.goal })
    open = null
  })
  return found
}

/** klp_patches. */
export function list(state: KernelState): PatchState[] {
  return state.patches.filter((patch) => !patch.offList)
}

export function patchOf(state: KernelState, name: string): PatchState | undefined {
  return state.patches.find((patch) => patch.name === name)
}

/** F(p), with or without nops. */
export function keysOf(patch: PatchState, options: { nops: boolean }): string[] {
  return patch.objects.flatMap((object) =>
    object.functions
      .filter((func) => options.nops || !func.nop)
      .map((func) => functionKey(object.name, func.name, func.sympos))
  )
}

/** B.18: whom a patch takes over from. */
export function isInScope(policy: Policy, by: PatchState, old: PatchState): boolean {
  if (policy === 'mainline') return true
  return policy === 'hybrid' ? old.replaceable === true : by.replaceSet === old.replaceSet
}

export function isReplacing(policy: Policy, patch: PatchState): boolean {
  return policy === 'replace-set' || patch.replace === true
}

/** Functions of the module that comes or goes in the operation: what they run changes for everybody. */
export function isOfMovingModule(moments: readonly Moment[], from: number, to: number, key: string): boolean {
  const module = key.slice(0, key.indexOf(':'))
  return moments
    .slice(from, to + 1)
    .some(({ operation }) => operation !== null && 'module' in operation && operation.module === module)
}
