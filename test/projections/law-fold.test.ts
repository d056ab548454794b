import fc from 'fast-check'
import { expect, test } from 'vitest'
import { meetsHook } from '../../src/projections/hook-status.ts'
import {
  Changes,
  decodeState,
  emptyState,
  encodeState,
  evolve,
  fold,
  type KernelState,
  versionAt
} from '../../src/projections/index.ts'
import { functionKeys, histories, type Truth } from '../support/histories.ts'
import { patchStateIn } from '../support/patch-state.ts'

/** What a fold of a legal history says is what the toy kernel knew when it told that history. */

/** The state in the form of the toy's own knowledge. */
function truthIn(state: KernelState, pids: ReadonlySet<number>): Truth {
  const runs = new Map<string, string>()
  const reached = new Map<string, boolean>()
  for (const pid of pids) {
    const patchState = patchStateIn(state, pid) === 0 ? 0 : 1
    for (const key of functionKeys) runs.set(`${pid} ${key}`, versionAt(state, key, patchState))
    for (const hook of state.hooks) {
      const met = functionKeys.some((key) => meetsHook(state, hook, key, versionAt(state, key, patchState)))
      reached.set(`${hook.programId} ${pid}`, met)
    }
  }
  return { runs, reached, patches: state.patches.map((patch) => patchLine(state, patch)) }
}

function patchLine(state: KernelState, patch: KernelState['patches'][number]): string {
  const { name, enabled, forced, offList, objects } = patch
  const tree = objects.map((object) => {
    const funcs = object.functions.map((f) => `${object.name}:${f.name},${f.sympos}${f.nop ? '=nop' : ''}`)
    return `${object.name}${object.patched ? '*' : ''}(${funcs.join()})`
  })
  const towards = state.transition?.patch === name ? ` towards ${state.transition.goal}` : ''
  const shown = offList ? '' : ` ${tree.join()}`
  return `${name} enabled=${Number(enabled)} forced=${Number(forced)}${towards}${shown}`
}

function pidsOf({ runs }: Truth): Set<number> {
  return new Set([...runs.keys()].map((key) => Number.parseInt(key, 10)))
}

test('patches, versions of functions and reach of programs are what the kernel had', () => {
  fc.assert(
    fc.property(histories(), ({ events, truths }) => {
      const state = emptyState()
      const changes = new Changes()
      events.forEach((event, n) => {
        evolve(state, { ...event, position: n + 1 }, changes)
        const truth = truths[n]
        if (truth === undefined) return
        expect(truthIn(state, pidsOf(truth)), `behind event ${n + 1}`).toEqual(truth)
      })
      expect(state.lateEvents).toBe(0)
    }),
    { numRuns: 800 }
  )
})

test('what agrees contradicts nothing, and nothing but lost evidence makes a legal history unsure', () => {
  fc.assert(
    fc.property(histories(), ({ events }) => {
      const state = emptyState()
      events.forEach((event, n) => {
        fold(state, [{ ...event, position: n + 1 }])
        expect(state.contradictions).toEqual([])
        expect(state.doubt.patches?.reason ?? 'the toy forgot').toContain('the toy forgot')
        if (event.type === 'evidence.lost') expect(state.doubt.patches).not.toBeNull()
      })
    }),
    { numRuns: 300 }
  )
})

test('a state that was written down and read again goes on as the one that it was', () => {
  fc.assert(
    fc.property(histories(), fc.nat(), ({ events }, cut) => {
      const placed = events.map((event, n) => ({ ...event, position: n + 1 }))
      const at = cut % (placed.length + 1)
      const before = encodeState(fold(emptyState(), placed.slice(0, at)))
      expect(encodeState(decodeState(before))).toBe(before)
      const resumed = fold(decodeState(before), placed.slice(at))
      expect(encodeState(resumed)).toBe(encodeState(fold(emptyState(), placed)))
    }),
    { numRuns: 300 }
  )
})
