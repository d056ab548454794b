import type { EventData } from '../../src/events/index.ts'
import {
  eachOperation,
  eachPair,
  everywhere,
  type Invariant,
  isInScope,
  isReplacing,
  keysOf,
  list,
  patchOf
} from './invariants-support.ts'

/** E.3 and E.4: lifetime, objects, callbacks, states. */
export const lifetimeInvariants: readonly Invariant[] = [
  {
    id: 'F1',
    says: 'A module can be unloaded exactly when no patch of it, no force and no link holds it.',
    holds: everywhere,
    broken: (trail) => {
      const held = new Set<string>()
      const pinned = new Set<string>()
      const links = new Map<string, string>()
      return eachOperation(trail, (before, { operation, ret }, within) => {
        for (const { fact } of within) {
          if (fact?.type === 'patch.enabled') held.add(fact.data.patch)
          if (fact?.type === 'patch.pinned') pinned.add(fact.data.patch)
          if (fact?.type === 'patch.freed') held.delete(fact.data.patch)
          if (fact?.type === 'hook.attached' && fact.data.kind !== 'kprobe')
            links.set(fact.data.program, fact.data.module ?? '')
          if (fact?.type === 'hook.detached') links.delete(fact.data.program)
        }
        if (operation?.op !== 'rmmod' || !before.state.modules.has(operation.module)) return null
        const { module } = operation
        const isHeld = held.has(module) || pinned.has(module) || [...links.values()].includes(module)
        return (ret === 0) === isHeld ? `it came to ${ret}` : null
      })
    }
  },
  {
    id: 'F2',
    says: 'A force pins exactly the patches that it removes.',
    holds: ['mainline', 'replace-set'],
    broken: (trail) =>
      eachOperation(trail, (before, _after, within) => {
        const forced = within.find(({ fact }) => fact?.type === 'transition.forced')?.fact
        if (forced?.type !== 'transition.forced') return null
        const { rules } = trail.world
        const patch = patchOf(before.state, forced.data.patch)
        if (patch === undefined) return 'nobody was in transition'
        const replaced = list(before.state).filter(
          (old) => old !== patch && isReplacing(rules.name, patch) && isInScope(rules.name, patch, old)
        )
        const removed = forced.data.goal === 'unpatched' ? [patch] : replaced
        const pinned = within.flatMap(({ fact }) => (fact?.type === 'patch.pinned' ? [fact.data.patch] : []))
        return pinned.join() === removed.map(({ name }) => name).join() ? null : `it pins ${pinned.join()}`
      })
  },
  {
    id: 'F4',
    says: "A patch's directory is in sysfs from its enable to its free work.",
    holds: everywhere,
    broken: (trail) => {
      const shown = new Set<string>()
      return eachPair(trail, (_before, { fact, state }) => {
        if (fact?.type === 'patch.enabled') shown.add(fact.data.patch)
        if (fact?.type === 'patch.freed') shown.delete(fact.data.patch)
        const names = state.patches.map(({ name }) => name)
        return names.join() === [...shown].join() ? null : `sysfs has ${names.join()}`
      })
    }
  },
  {
    id: 'F5',
    says: 'The free work runs once in the life of a patch, and only when it is off the list.',
    holds: everywhere,
    broken: (trail) =>
      eachPair(trail, (before, { fact }) => {
        if (fact?.type !== 'patch.freed') return null
        const patch = patchOf(before.state, fact.data.patch)
        return patch?.offList === true ? null : `${fact.data.patch} was freed`
      })
  },
  {
    id: 'O1',
    says: 'A patch on the list has patched exactly its objects that are loaded, before their init runs.',
    holds: everywhere,
    broken: (trail) =>
      eachPair(trail, (_before, { ret, fact, state }) => {
        const isInit = fact?.type === 'kernel.printed' && fact.data.message === 'mod: init'
        if (ret === null && !isInit) return null
        for (const { name, objects } of list(state)) {
          const odd = objects.find(
            (object) => object.patched !== (object.name === 'vmlinux' || state.modules.has(object.name))
          )
          if (odd !== undefined) return `${name} has ${odd.name} ${odd.patched ? '' : 'un'}patched`
        }
        return null
      })
  },
  {
    id: 'O2',
    says: 'No patch has anything in a module that was refused.',
    holds: everywhere,
    broken: (trail) =>
      eachOperation(trail, (before, { operation, ret, state }) => {
        if (operation?.op !== 'insmod' || ret === 0 || before.state.modules.has(operation.module)) return null
        const { module } = operation
        if (state.modules.has(module)) return 'it stayed'
        const stuck = state.patches.find(({ objects }) =>
          objects.some((one) => one.name === module && one.patched)
        )
        return stuck === undefined ? null : `${stuck.name} patches it`
      })
  },
  {
    id: 'O4',
    says: 'Callbacks come in the words of B.15 for each patch and object.',
    holds: everywhere,
    broken: (trail) => {
      const words = new Map<string, string>()
      const lives = new Map<string, number>()
      return eachPair(trail, (_before, { fact }) => {
        if (fact?.type === 'patch.enabled') lives.set(fact.data.patch, (lives.get(fact.data.patch) ?? 0) + 1)
        if (fact?.type !== 'callback.ran') return null
        const key = `${fact.data.patch}#${lives.get(fact.data.patch)} ${fact.data.object}`
        const word = (words.get(key) ?? '') + letterOf(fact.data)
        words.set(key, word)
        return callbackWords.test(word) ? null : `${key}: ${word}`
      })
    }
  },
  {
    id: 'O5',
    says: 'No callback of a patch runs once it has been replaced.',
    holds: everywhere,
    broken: (trail) => {
      const replaced = new Set<string>()
      return eachPair(trail, (_before, { fact }) => {
        if (fact?.type === 'patch.replaced') replaced.add(fact.data.patch)
        if (fact?.type === 'patch.enabled') replaced.delete(fact.data.patch)
        const isLate = fact?.type === 'callback.ran' && replaced.has(fact.data.patch)
        return isLate ? `${fact.data.patch}'s ${fact.data.callback}` : null
      })
    }
  },
  {
    id: 'O6',
    says: 'Who is enabled carries the states of every patch on the list, in no older version.',
    holds: ['mainline', 'hybrid'],
    broken: (trail) =>
      eachPair(trail, (before, { fact }) => {
        if (fact?.type !== 'patch.enabled') return null
        const lost = list(before.state).find((old) => !carries(fact.data, old))
        return lost === undefined ? null : `${fact.data.patch} forgets ${lost.name}'s states`
      })
  },
  {
    id: 'O6-scope',
    says: 'No patch is refused for the states of one that it would not replace.',
    holds: ['mainline', 'replace-set'],
    broken: (trail) =>
      eachOperation(trail, (before, { operation }, within) => {
        const isRefused = within.some(
          ({ fact }) =>
            fact?.type === 'patch.rejected' && fact.data.message?.includes('not compatible') === true
        )
        const spec = operation?.op === 'insmod' ? trail.world.modules.get(operation.module)?.patch : null
        if (!isRefused || spec == null) return null
        const { name } = trail.world.rules
        const own = { replace: name === 'replace-set' || spec.replace === true, states: spec.states }
        // Sets have a law of their own besides, on functions and states in common.
        const keys = spec.objects.flatMap((object) =>
          object.functions.map((f) => `${object.name}:${f.old},1`)
        )
        const older = list(before.state)
        const inScope = (old: (typeof older)[number]) =>
          isInScope(name, { replaceSet: spec.replaceSet } as typeof old, old)
        const isOwnFault = older.some(
          (old) =>
            (inScope(old) && !carries(own, old)) ||
            (name === 'replace-set' &&
              !inScope(old) &&
              (keysOf(old, { nops: true }).some((key) => keys.includes(key)) ||
                old.states.some(({ id }) => spec.states.some((state) => state.id === id))))
        )
        return isOwnFault ? null : 'it was refused'
      })
  }
]

/** B.15: p for a pre_patch that succeeded and P for one that failed, then q, u and v for the other three. */
const callbackWords = /^(?:P|pv|pq(?:uq)*uv)*(?:p(?:q(?:uq)*u?)?)?$/

function letterOf({ callback, ret }: EventData<'callback.ran'>): string {
  if (callback === 'pre_patch') return ret === 0 ? 'p' : 'P'
  return { post_patch: 'q', pre_unpatch: 'u', post_unpatch: 'v' }[callback]
}

interface Stateful {
  readonly replace: boolean | null
  readonly states: readonly { readonly id: number; readonly version: number }[]
}

function carries(by: Stateful, old: Stateful): boolean {
  return old.states.every(({ id, version }) => {
    const own = by.states.find((state) => state.id === id)
    return own === undefined ? by.replace !== true : own.version >= version
  })
}
