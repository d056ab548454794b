import type { KernelState } from './state.ts'

/** A second state that goes its own way: what `evolve` changes in place is copied, what it replaces is shared. */
export function copyState(state: KernelState): KernelState {
  const { transition } = state
  return {
    ...state,
    patches: state.patches.map((patch) => ({
      ...patch,
      objects: patch.objects.map((object) => ({ ...object, functions: [...object.functions] }))
    })),
    transition:
      transition === null
        ? null
        : {
            ...transition,
            switched: new Map(transition.switched),
            behind: transition.behind === null ? null : new Set(transition.behind),
            blocked: new Map(transition.blocked)
          },
    stacks: new Map([...state.stacks].map(([key, stack]) => [key, [...stack]])),
    livepatchFirst: new Set(state.livepatchFirst),
    modules: new Map([...state.modules].map(([name, module]) => [name, { ...module }])),
    hooks: state.hooks.map((hook) => ({ ...hook })),
    tasks: new Map([...state.tasks].map(([key, task]) => [key, { ...task, frames: [...task.frames] }])),
    settings: new Map(state.settings),
    ...(state.damages === undefined ? {} : { damages: new Set(state.damages) }),
    doubt: { ...state.doubt },
    contradictions: [...state.contradictions]
  }
}
