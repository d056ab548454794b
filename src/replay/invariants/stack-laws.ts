import type { KernelState } from '../../projections/index.ts'
import { functionKey } from '../../projections/index.ts'
import { lawAtRest } from './at-rest.ts'
import { type Complaint, everywhere } from './invariant.ts'
import { listed, nopsOf, stackEvents } from './patch-list.ts'
import { viewOf } from './views.ts'

/** S1: klp_ops and its func_stack. */
export const stackIsListBackwards = lawAtRest({
  id: 'S1',
  says: 'A stack is, from the top and without nops, the list of patches backwards, as far as they patch it.',
  holds: everywhere,
  applies: everywhere,
  reads: stackEvents,
  brokenBy: ['coming-patches-backwards'],
  wrong: (state) => {
    const expected = new Map<string, string[]>()
    for (const { name, objects } of listed(state)) {
      for (const object of objects) {
        if (!object.patched) continue
        for (const func of object.functions) {
          const key = functionKey(object.name, func.name, func.sympos)
          if (!func.nop) expected.set(key, [name, ...(expected.get(key) ?? [])])
        }
      }
    }
    const found: Complaint[] = []
    for (const key of new Set([...expected.keys(), ...state.stacks.keys()])) {
      const stack = (state.stacks.get(key) ?? []).filter(({ nop }) => !nop).map(({ patch }) => patch)
      const wanted = expected.get(key) ?? []
      const isEmpty = state.stacks.get(key)?.length === 0
      if (isEmpty) found.push({ subject: key, text: `${key} has an empty stack` })
      else if (!isSame(stack, wanted))
        found.push({ subject: key, text: `${key} has ${words(stack)}, and the list wants ${words(wanted)}` })
    }
    return found
  }
})

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, n) => one === b[n])
}

function words(patches: readonly string[]): string {
  return patches.length === 0 ? 'nothing' : patches.join(' over ')
}

/** S2: klp_discard_nops(). */
export const nopsOnlyInTransition = lawAtRest({
  id: 'S2',
  says: 'Only the patch in transition has nops.',
  holds: everywhere,
  applies: everywhere,
  reads: stackEvents,
  brokenBy: ['nops-stay'],
  wrong: (state) =>
    listed(state)
      .filter((patch) => patch.name !== state.transition?.patch)
      .filter((patch) => nopsOf(patch).length > 0 || patch.objects.some(({ dynamic }) => dynamic))
      .map(({ name }) => ({ subject: name, text: `${name} has nops, and is not in transition` }))
})

/** S14: the place in klp_patches, which sysfs shows as stack_order. */
export const lastPatchRuns = lawAtRest({
  id: 'S14',
  says: 'At rest the last patch on the list that has a function runs it for everybody.',
  holds: everywhere,
  applies: everywhere,
  reads: [...stackEvents, 'damage.done', 'damage.undone'],
  brokenBy: ['coming-patches-backwards', 'fexit-bypasses-livepatch'],
  wrong: (state) => (state.transition === null ? notTheLast(state) : [])
})

function notTheLast(state: KernelState): Complaint[] {
  const order = new Map(listed(state).map(({ name }, at) => [name, at]))
  const found: Complaint[] = []
  for (const [key, stack] of state.stacks) {
    let last: string | null = null
    for (const { patch } of stack) {
      if (last === null || (order.get(patch) ?? -1) > (order.get(last) ?? -1)) last = patch
    }
    const [, runs] = viewOf(state, key)
    if (runs !== last)
      found.push({ subject: key, text: `calls run ${runs}'s ${key}, and ${last} is the last` })
  }
  return found
}
