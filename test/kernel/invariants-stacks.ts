import { eachOperation, eachRest, everywhere, type Invariant, keysOf, list } from './invariants-support.ts'
import { runs } from './trail.ts'

const EINVAL = 22

/** E.2: stacks, sets, refusals. */
export const stackInvariants: readonly Invariant[] = [
  {
    id: 'S1',
    says: 'A stack is, from the top and without nops, the list of patches backwards, as far as they patch it.',
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, ({ state }) => {
        const expected = new Map<string, string[]>()
        for (const { name, objects } of list(state)) {
          for (const key of keysOf(
            { objects: objects.filter((one) => one.patched) } as Parameters<typeof keysOf>[0],
            { nops: false }
          ))
            expected.set(key, [name, ...(expected.get(key) ?? [])])
        }
        for (const key of trail.keys) {
          const stack = (state.stacks.get(key) ?? []).filter(({ nop }) => !nop).map(({ patch }) => patch)
          if (stack.join() !== (expected.get(key) ?? []).join()) return `${key} has ${stack.join()}`
          if (state.stacks.get(key)?.length === 0) return `${key} has an empty stack`
        }
        return null
      })
  },
  {
    id: 'S2',
    says: 'Only the patch in transition has nops.',
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, ({ state }) => {
        const nopper = list(state).find(
          ({ name, objects }) =>
            name !== state.transition?.patch &&
            objects.some((object) => object.dynamic || object.functions.some((func) => func.nop))
        )
        return nopper === undefined ? null : `${nopper.name} has nops`
      })
  },
  {
    id: 'S10',
    says: 'Of a set one patch is enabled, and a second one only while it is in transition.',
    holds: ['replace-set'],
    broken: (trail) =>
      eachRest(trail, ({ state }) => {
        const enabled = new Map<number | null, number>()
        for (const patch of list(state)) {
          if (patch.enabled) enabled.set(patch.replaceSet, (enabled.get(patch.replaceSet) ?? 0) + 1)
        }
        const most = state.transition === null ? 1 : 2
        const crowded = [...enabled].find(([, count]) => count > most)
        return crowded === undefined ? null : `set ${crowded[0]} has ${crowded[1]} patches`
      })
  },
  {
    id: 'S11',
    says: 'Sets share neither functions nor states, so a stack is of one set and of two entries at most.',
    holds: ['replace-set'],
    broken: (trail) =>
      eachRest(trail, ({ state }) => {
        const owners = new Map<string | number, number | null>()
        for (const patch of list(state)) {
          for (const owned of [...keysOf(patch, { nops: true }), ...patch.states.map(({ id }) => id)]) {
            if (owners.has(owned) && owners.get(owned) !== patch.replaceSet) return `${owned} has two owners`
            owners.set(owned, patch.replaceSet)
          }
        }
        const deep = [...state.stacks].find(([, stack]) => stack.length > 2)
        return deep === undefined ? null : `${deep[0]} has ${deep[1].length} entries`
      })
  },
  {
    id: 'S12',
    says: 'What is refused leaves list, stacks, references, sysfs, tasks and hooks as they were.',
    holds: everywhere,
    broken: (trail) =>
      eachOperation(trail, (before, after) =>
        after.ret !== null && after.ret < 0 && before.shape !== after.shape
          ? `refused with ${after.ret}`
          : null
      )
  },
  {
    id: 'S13',
    says: 'A conflict of sets is refused with EINVAL and its line, in a transition too.',
    holds: ['replace-set'],
    broken: (trail) =>
      eachOperation(trail, (before, { operation, ret }, within) => {
        if (operation?.op !== 'insmod' || before.state.modules.has(operation.module)) return null
        const patch = trail.world.modules.get(operation.module)?.patch
        if (patch == null) return null
        const own = patch.objects.flatMap(({ name, functions }) => functions.map((f) => `${name}:${f.old},1`))
        const clash = list(before.state).some(
          (old) =>
            old.replaceSet !== patch.replaceSet &&
            keysOf(old, { nops: true }).some((key) => own.includes(key))
        )
        const isSaid = within.some(
          ({ fact }) =>
            fact?.type === 'kernel.printed' && fact.data.message.includes('is not compatible with')
        )
        return clash && (ret !== -EINVAL || !isSaid) ? `it came to ${ret}` : null
      })
  },
  {
    id: 'S14',
    says: 'At rest the last patch on the list that has a function runs it for everybody.',
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, (moment) => {
        const { state, threads } = moment
        if (state.transition !== null) return null
        const names = list(state).map((patch) => patch.name)
        for (const [key, stack] of state.stacks) {
          const last = names.findLast((name) => stack.some((entry) => entry.patch === name))
          const odd = [...threads.keys()].find((thread) => runs(moment, thread, key) !== last)
          if (odd !== undefined) return `thread ${odd} does not run ${last}'s ${key}`
        }
        return null
      })
  }
]
