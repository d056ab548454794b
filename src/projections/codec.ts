import { doubtParts, emptyState, type KernelState, type TransitionState } from './state.ts'

/** A state as JSON text: Maps and Sets as arrays, ns as decimal text. Equal states give equal text. */
export function encodeState(state: KernelState): string {
  return JSON.stringify(state, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    if (value instanceof Map) return { map: [...value] }
    if (value instanceof Set) return { set: [...value] }
    return value
  })
}

/** The state that the text was made from. Only text of `encodeState` is understood. */
export function decodeState(text: string): KernelState {
  const raw = JSON.parse(text) as Encoded<KernelState>
  const state = { ...emptyState(), ...raw } as unknown as KernelState
  state.uptimeNs = ns(raw.uptimeNs)
  state.changedNs = ns(raw.changedNs)
  state.patches = raw.patches.map((patch) => ({ ...patch, sinceNs: ns(patch.sinceNs) }))
  state.stacks = new Map(raw.stacks.map)
  state.livepatchFirst = new Set(raw.livepatchFirst.set)
  state.modules = new Map(raw.modules.map)
  state.tasks = new Map(raw.tasks.map)
  state.settings = new Map(raw.settings.map)
  if (raw.damages !== undefined) state.damages = new Set(raw.damages.set)
  state.transition = raw.transition === null ? null : decodeTransition(raw.transition)
  state.hooks = raw.hooks.map((hook) => ({
    ...hook,
    sinceNs: ns(hook.sinceNs),
    goneNs: hook.goneNs === null ? null : ns(hook.goneNs)
  }))
  for (const part of doubtParts) {
    const doubt = raw.doubt[part]
    state.doubt[part] = doubt === null ? null : { ...doubt, sinceNs: ns(doubt.sinceNs) }
  }
  state.contradictions = raw.contradictions.map((item) => ({ ...item, uptimeNs: ns(item.uptimeNs) }))
  return state
}

/** The shape that `encodeState` gives a type. */
type Encoded<T> = T extends bigint
  ? string
  : T extends Map<infer K, infer V>
    ? { map: [K, Encoded<V>][] }
    : T extends Set<infer V>
      ? { set: V[] }
      : T extends readonly (infer V)[]
        ? Encoded<V>[]
        : T extends object
          ? { [K in keyof T]: Encoded<T[K]> }
          : T

function decodeTransition(raw: Encoded<TransitionState>): TransitionState {
  return {
    ...raw,
    sinceNs: ns(raw.sinceNs),
    switched: new Map(raw.switched.map.map(([task, at]) => [task, ns(at)])),
    behind: raw.behind === null ? null : new Set(raw.behind.set),
    blocked: new Map(raw.blocked.map.map(([task, item]) => [task, { ...item, sinceNs: ns(item.sinceNs) }])),
    firstSwitchNs: raw.firstSwitchNs === null ? null : ns(raw.firstSwitchNs),
    forcedNs: raw.forcedNs === null ? null : ns(raw.forcedNs),
    signaledNs: raw.signaledNs === null ? null : ns(raw.signaledNs)
  }
}

function ns(text: string): bigint {
  return BigInt(text.slice(0, -1))
}
