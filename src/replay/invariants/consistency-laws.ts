import type { HistoryEvent } from '../../events/index.ts'
import {
  findPatch,
  functionKey,
  type KernelState,
  ORIGINAL,
  type PatchState
} from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { objectOf, stackEvents } from './patch-list.ts'
import { isCompletion, movingModule, patchStatesOf, targetOf, type View, viewOf, viewsOf } from './views.ts'

interface Views {
  /** klp_complete_transition() is under way: everybody is at the goal. */
  completing: boolean
  before: Map<string, View> | null
  /** The patch states that tasks had before the event; null outside of transitions. */
  patchStates: readonly (0 | 1)[] | null
}

/** T5 in the two views of B.2: what the tasks on either side run, whoever they are, changes at nobody's event. */
export const changesAtOwnSwitch = defineInvariant<Views>({
  id: 'T5',
  says: 'What a thread runs changes at its own switch, and never because a transition starts or completes.',
  holds: ['mainline'],
  applies: everywhere,
  reads: [...stackEvents, 'module.loaded', 'module.going'],
  brokenBy: ['functions-dropped-after-switch', 'RFC 4/4 (E.6 S1, S3, S4)'],
  start: () => ({ completing: false, before: null, patchStates: null }),
  before: (memory, state, event) => {
    if (isCompletion(state, event)) memory.completing = true
    memory.before = viewsOf(state)
    memory.patchStates = state.transition === null ? null : patchStatesOf(state, memory.completing)
    if (event.type === 'transition.completed') memory.patchStates = [targetOf(state)]
  },
  after: (memory, state, event) => {
    const { before, patchStates } = memory
    memory.before = null
    if (state.transition === null) memory.completing = false
    // A snapshot is believed, and what it corrects has changed at some other time.
    if (before === null || event.type === 'host.observed') return null
    if (patchStates === null && !beginsTransition(event)) return null
    return changedViews(state, event, before, patchStates ?? patchStatesOf(state, false))
  }
})

function beginsTransition({ type }: HistoryEvent): boolean {
  return type === 'patch.enabled' || type === 'patch.disabled'
}

function changedViews(
  state: KernelState,
  event: HistoryEvent,
  before: ReadonlyMap<string, View>,
  patchStates: readonly (0 | 1)[]
): Complaint[] {
  const moving = movingModule(state, event)
  const found: Complaint[] = []
  for (const key of new Set([...before.keys(), ...state.stacks.keys()])) {
    if (objectOf(key) === moving) continue
    const now = viewOf(state, key)
    const odd = patchStates.find(
      (patchState) => (before.get(key)?.[patchState] ?? ORIGINAL) !== now[patchState]
    )
    if (odd === undefined) continue
    const was = before.get(key)?.[odd] ?? ORIGINAL
    found.push({ subject: key, text: `${event.type}: calls ran ${was}'s ${key} and run ${now[odd]}'s now` })
  }
  return found
}

interface Sets {
  patch: string
  /** What every function ran before the transition, and what it would run without the patch. */
  before: Map<string, string>
  isEnable: boolean
  completing: boolean
  /** Modules that came or went in the transition: their functions changed without it. */
  moved: Set<string>
}

/** T6: a task's view of the functions of a transition is of one piece. */
export const oneSetOfVersions = defineInvariant<{ sets: Sets | null }>({
  id: 'T6',
  says: "A thread sees of a patch's functions either all as before its transition or all as it wants them.",
  holds: everywhere,
  applies: everywhere,
  reads: [...stackEvents, 'module.loaded', 'module.going'],
  brokenBy: ['fexit-bypasses-livepatch', 'a patch that comes between (hand-made events)'],
  start: () => ({ sets: null }),
  before: (memory, state, event) => {
    const { sets } = memory
    if (event.type === 'patch.enabled' || event.type === 'patch.disabled') {
      const views = [...viewsOf(state)].map(([key, view]): [string, string] => [key, view[1]])
      memory.sets = {
        patch: event.data.patch,
        before: new Map(views),
        isEnable: event.type === 'patch.enabled',
        completing: false,
        moved: new Set()
      }
      return
    }
    if (sets === null) return
    if (event.type === 'module.loaded' || event.type === 'module.going') sets.moved.add(event.data.module)
    if (isCompletion(state, event)) sets.completing = true
  },
  holding: (memory, state) => {
    const { sets } = memory
    const { transition } = state
    if (sets === null || transition === null || transition.patch !== sets.patch) return []
    const patch = findPatch(state, sets.patch)
    if (patch === undefined || !transition.started || sets.completing || state.doubt.patches !== null)
      return []
    const mixed = bothStates.find((patchState) => isMixed(state, patch, patchState, sets))
    if (mixed === undefined) return []
    const who = mixed === targetOf(state) ? 'have switched' : 'have not switched'
    return [
      { subject: patch.name, text: `tasks that ${who} see some of ${patch.name}'s functions old, some new` }
    ]
  }
})

const bothStates = [0, 1] as const

function isMixed(state: KernelState, patch: PatchState, patchState: 0 | 1, sets: Sets): boolean {
  let isOld = true
  let isNew = true
  for (const object of patch.objects) {
    if (!object.patched || sets.moved.has(object.name)) continue
    for (const func of object.functions) {
      const key = functionKey(object.name, func.name, func.sympos)
      const seen = viewOf(state, key)[patchState]
      const before = sets.before.get(key) ?? ORIGINAL
      const after = sets.isEnable
        ? func.nop
          ? ORIGINAL
          : patch.name
        : versionWithout(state, key, patch.name)
      isOld &&= seen === before
      isNew &&= seen === after
    }
  }
  return !isOld && !isNew
}

/** What calls run when a patch's entry is gone from the stack. */
function versionWithout(state: KernelState, key: string, without: string): string {
  const top = (state.stacks.get(key) ?? []).find(({ patch }) => patch !== without)
  return top === undefined || top.nop ? ORIGINAL : top.patch
}
