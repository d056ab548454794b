import { decide, type Operation } from '../../kernel/index.ts'
import { findPatch, type PatchState } from '../../projections/index.ts'
import { insertedBefore, nextDelayed, nextReplaced } from './ahead.ts'
import type { KernelFault, Place } from './fault.ts'

/** What user space and the kernel's own works do to patches at the wrong moment. */
export const patchFaults: readonly KernelFault[] = [
  {
    name: 'reverse',
    says: 'The transition under way is reversed.',
    inject: (place) => inTransition(place, (patch) => [reversed(patch, patch.enabled)])
  },
  {
    name: 'repeated-reverse',
    says: 'The transition under way is reversed, tried, and reversed again.',
    inject: (place) =>
      inTransition(place, (patch) => [
        reversed(patch, patch.enabled),
        { op: 'try', conditions: everybodyRuns(place) },
        reversed(patch, !patch.enabled)
      ])
  },
  {
    name: 'force',
    says: 'The transition under way is forced.',
    inject: (place) => inTransition(place, ({ name }) => [{ op: 'force', patch: name, value: '1' }])
  },
  {
    name: 'replaceable-flipped',
    says: 'The `replaceable` flag of a patch that is not in transition is flipped (hybrid).',
    inject: (place) => {
      if (place.world.rules.flag !== 'replaceable') return []
      return place.state.patches
        .filter(({ name, offList }) => !offList && place.state.transition?.patch !== name)
        .map(({ name, replaceable }) => {
          const value = replaceable === true ? '0' : '1'
          return insertedBefore(place, `${name} to ${value}`, { op: 'write-replaceable', patch: name, value })
        })
    }
  },
  {
    name: 'target-module-comes',
    says: 'A module that the patch in transition changes is loaded in the middle of the transition.',
    inject: (place) =>
      targets(place)
        .filter((module) => !place.state.modules.has(module) && place.world.modules.has(module))
        .map((module) => insertedBefore(place, module, { op: 'insmod', module }))
  },
  {
    name: 'target-module-goes',
    says: 'A module that the patch in transition changes is unloaded in the middle of the transition.',
    inject: (place) =>
      targets(place)
        .filter((module) => canGo(place, module))
        .map((module) => insertedBefore(place, module, { op: 'rmmod', module }))
  },
  {
    name: 'free-work-late',
    says: 'The free work of a patch comes behind all that lies ahead.',
    inject: (place) => (isFree(place) && place.ahead.length > 1 ? [nextDelayed(place, '')] : [])
  },
  {
    name: 'free-work-never',
    says: 'The free work of a patch never comes.',
    inject: (place) => (isFree(place) ? [nextReplaced(place, '', null)] : [])
  },
  {
    name: 'free-work-twice',
    says: 'The free work of a patch comes twice.',
    inject: (place) => {
      const next = place.ahead[0]?.operation
      return next?.op === 'free' ? [insertedBefore(place, '', next)] : []
    }
  }
]

function inTransition(place: Place, operations: (patch: PatchState) => readonly Operation[]) {
  const patch = findPatch(place.state, place.state.transition?.patch ?? '')
  return patch === undefined ? [] : [insertedBefore(place, '', ...operations(patch))]
}

function reversed({ name }: PatchState, isEnabled: boolean): Operation {
  return { op: 'write-enabled', patch: name, value: isEnabled ? '0' : '1' }
}

/** The try in between finds nobody, so that there still is something to reverse. */
function everybodyRuns({ state }: Place): ReadonlyMap<number, 'running'> {
  return new Map([...state.tasks.keys()].map((task) => [task, 'running' as const]))
}

/** The modules that the patch in transition changes. */
function targets({ state }: Place): string[] {
  const patch = findPatch(state, state.transition?.patch ?? '')
  return (patch?.objects ?? []).map(({ name }) => name).filter((name) => name !== 'vmlinux')
}

/** Whether the module can be unloaded now: nothing holds it, and no task is in it. */
function canGo({ state, world }: Place, module: string): boolean {
  if (!state.modules.has(module)) return false
  const isInUse = [...state.tasks.values()].some(({ frames }) =>
    frames.some((frame) => frame.function.startsWith(`${module}:`))
  )
  return !isInUse && decide(state, { op: 'rmmod', module }, world, state.uptimeNs).ret === 0
}

function isFree({ ahead }: Place): boolean {
  return ahead[0]?.operation.op === 'free'
}
