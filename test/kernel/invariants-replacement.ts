import {
  eachPair,
  everywhere,
  type Invariant,
  isInScope,
  isOfMovingModule,
  isReplacing,
  keysOf,
  list,
  patchOf,
  spans
} from './invariants-support.ts'
import { type Moment, runs, type Trail } from './trail.ts'

/** E.2: nops and replacement. */
export const replacementInvariants: readonly Invariant[] = [
  {
    id: 'S3',
    says: 'A replacing patch has one nop for each function of an older one that it does not change itself.',
    holds: ['mainline'],
    broken: (trail) =>
      eachEnable(trail, (patch, older) => {
        const own = new Set(keysOf(patch, { nops: false }))
        const wanted = new Set(
          isReplacing('mainline', patch) ? older.flatMap((old) => keysOf(old, { nops: true })) : []
        )
        for (const key of own) wanted.delete(key)
        const nops = nopsOf(patch)
        return nops.toSorted().join() === [...wanted].toSorted().join() ? null : `nops ${nops.join()}`
      })
  },
  {
    id: 'S4',
    says: 'No nop stands for a function that only patches out of scope change.',
    holds: everywhere,
    broken: (trail) =>
      eachEnable(trail, (patch, older) => {
        const { name } = trail.world.rules
        const inScope = older.filter((old) => isInScope(name, patch, old))
        const taken = new Set(inScope.flatMap((old) => keysOf(old, { nops: true })))
        const odd = nopsOf(patch).find((key) => !taken.has(key))
        return odd === undefined ? null : `a nop for ${odd}`
      })
  },
  {
    id: 'S5',
    says: 'No nop stands for a function that a patch out of scope changes, for it would hide that patch.',
    holds: ['mainline', 'replace-set'],
    broken: (trail) =>
      eachEnable(trail, (patch, older) => {
        const { name } = trail.world.rules
        const nops = new Set(nopsOf(patch))
        const hidden = older
          .filter((old) => !isInScope(name, patch, old))
          .find((old) => keysOf(old, { nops: false }).some((key) => nops.has(key)))
        return hidden === undefined ? null : `a nop hides ${hidden.name}`
      })
  },
  {
    id: 'S7',
    says: 'Behind a replacement the patches in scope are off the list and the stacks, the others as before.',
    holds: everywhere,
    broken: (trail) => {
      for (const { to, goal, patch: name } of spans(trail)) {
        const before = trail.moments[startOfCompletion(trail, to)]
        const after = trail.moments[to]
        const patch = before === undefined ? undefined : patchOf(before.state, name)
        const policy = trail.world.rules.name
        if (goal !== 'patched' || before === undefined || after === undefined || patch === undefined) continue
        const older = list(before.state).slice(0, list(before.state).indexOf(patch))
        const replaced = older.filter((old) => isReplacing(policy, patch) && isInScope(policy, patch, old))
        const kept = older.filter((old) => !replaced.includes(old))
        const complaint = replacedComplaint(after, replaced) ?? keptComplaint(before, after, kept)
        if (complaint !== null) return `${name}: ${complaint} (moment ${to})`
      }
      return null
    }
  },
  {
    id: 'S8',
    says: 'What a patch out of scope shows, and the new one does not change, it shows all the time.',
    holds: ['mainline', 'replace-set'],
    broken: (trail) => {
      for (const { from, to, kind, patch: name } of spans(trail)) {
        const before = trail.moments[from - 1]
        const enabled = trail.moments[from]
        const patch = enabled === undefined ? undefined : patchOf(enabled.state, name)
        if (kind !== 'enable' || before === undefined || patch === undefined) continue
        const own = new Set(keysOf(patch, { nops: false }))
        for (const old of list(before.state)) {
          if (isInScope(trail.world.rules.name, patch, old)) continue
          const shown = keysOf(old, { nops: false }).filter(
            (key) =>
              !own.has(key) &&
              !isOfMovingModule(trail.moments, from, to, key) &&
              [...before.threads.keys()].every((thread) => runs(before, thread, key) === old.name)
          )
          const hidden = shown.find((key) =>
            trail.moments
              .slice(from, to + 1)
              .some((moment) => [...moment.threads.keys()].some((t) => runs(moment, t, key) !== old.name))
          )
          if (hidden !== undefined) return `${name} hides ${old.name}'s ${hidden} (moment ${to})`
        }
      }
      return null
    }
  },
  {
    id: 'S9',
    says: 'Who is in scope when a patch is enabled is so when its transition completes, and nobody else is.',
    holds: ['mainline', 'replace-set'],
    broken: (trail) => {
      for (const { from, to, kind, patch: name } of spans(trail)) {
        const [before, after] = [trail.moments[from - 1], trail.moments[startOfCompletion(trail, to)]]
        const patch = after === undefined ? undefined : patchOf(after.state, name)
        if (kind !== 'enable' || before === undefined || after === undefined || patch === undefined) continue
        const scope = (moment: Moment) =>
          list(moment.state)
            .filter((old) => old.name !== name && isInScope(trail.world.rules.name, patch, old))
            .map((old) => old.name)
        if (scope(before).join() !== scope(after).join()) return `${name}'s scope changed (moment ${to})`
      }
      return null
    }
  }
]

type Patch = NonNullable<ReturnType<typeof patchOf>>

/** The first complaint about a patch just enabled, beside those that were on the list before. */
function eachEnable(trail: Trail, complain: (patch: Patch, older: Patch[]) => string | null): string | null {
  return eachPair(trail, (before, { fact, state }) => {
    const patch = fact?.type === 'patch.enabled' ? patchOf(state, fact.data.patch) : undefined
    return patch === undefined ? null : complain(patch, list(before.state))
  })
}

function nopsOf(patch: Patch): string[] {
  const own = new Set(keysOf(patch, { nops: false }))
  return keysOf(patch, { nops: true }).filter((key) => !own.has(key))
}

/** The moment before the one operation step that a completion is: its first line in the log. */
function startOfCompletion({ moments }: Trail, to: number): number {
  for (let at = to; at > 0; at -= 1) {
    const fact = moments[at]?.fact
    if (fact?.type === 'kernel.printed' && fact.data.message.includes(': completing ')) return at
  }
  return 0
}

function replacedComplaint({ state }: Moment, replaced: readonly Patch[]): string | null {
  for (const { name } of replaced) {
    const now = patchOf(state, name)
    if (now?.enabled === true || now?.offList === false) return `${name} is still there`
    if ([...state.stacks.values()].flat().some((entry) => entry.patch === name))
      return `${name} is on a stack`
  }
  return null
}

function keptComplaint(before: Moment, { state }: Moment, kept: readonly Patch[]): string | null {
  const names = new Set(kept.map((patch) => patch.name))
  for (const { name, enabled } of kept) {
    const now = patchOf(state, name)
    if (now === undefined || now.offList || now.enabled !== enabled) return `${name} is not as it was`
  }
  for (const [key, stack] of before.state.stacks) {
    const order = (entries: typeof stack) =>
      entries.map(({ patch }) => patch).filter((name) => names.has(name))
    if (order(stack).join() !== order(state.stacks.get(key) ?? []).join()) return `${key} is not as it was`
  }
  return null
}
