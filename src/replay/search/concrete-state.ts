import { pendingTasks } from '../../kernel/index.ts'
import { functionKey, type KernelState, ORIGINAL, type PatchState, taskKey } from '../../projections/index.ts'
import { bytes, frameOf, goneVersion, hookPlaces, limits, originalVersion, places } from './packed-state.ts'
import type { HookPlace, PackedWorld } from './packed-world.ts'

/** What a run knows beside the kernel's state. */
export interface RunMemory {
  /** Patches that were in scope when the one in transition was enabled. */
  readonly scope: ReadonlySet<string>
  readonly everForced: boolean
  /** By module: its kind. */
  readonly kinds: ReadonlyMap<string, number>
}

/** The modules in the slots; null stands for an empty one. */
export type SlotNames = readonly (string | null)[]

/** In a closed world every module has its slot, in an open one it has one while it is loaded. */
export function slotNames(state: KernelState, world: PackedWorld, { kinds }: RunMemory): SlotNames {
  if (!world.isOpen) return world.kinds.map(({ name }) => name)
  const loaded = [...state.modules.keys()].filter((module) => kinds.has(module))
  return Array.from({ length: world.patches }, (_, slot) => loaded[slot] ?? null)
}

/** A kernel's state in the packed form, with the slots as they are named. */
export function toBytes(
  state: KernelState,
  world: PackedWorld,
  names: SlotNames,
  memory: RunMemory
): Uint8Array {
  const packed = new Uint8Array(bytes.size)
  names.forEach((name, slot) => {
    const kind = name === null ? 0 : (memory.kinds.get(name) ?? 0)
    if (!world.isOpen) packed[bytes.kind + slot] = kind
    if (name === null || !state.modules.has(name)) return
    putModule(packed, state, world, { name, slot, kind })
    if (memory.scope.has(name) && isOnList(state, name)) packed[bytes.scope + slot] = 1
  })
  packed[bytes.everForced] = Number(memory.everForced)
  putTransition(packed, state, world, names)
  putTasks(packed, state, world, names)
  putHooks(packed, state, world, names)
  return packed
}

function isOnList(state: KernelState, name: string): boolean {
  return state.patches.some((patch) => patch.name === name && !patch.offList)
}

function putModule(
  packed: Uint8Array,
  state: KernelState,
  world: PackedWorld,
  { name, slot, kind }: { readonly name: string; readonly slot: number; readonly kind: number }
): void {
  const list = state.patches.filter(({ offList }) => !offList)
  const patch = state.patches.find((one) => one.name === name)
  const at = list.findIndex((one) => one.name === name)
  packed[bytes.loc + slot] = at >= 0 ? at + 1 : patch === undefined ? places.idle : places.offList
  packed[bytes.kind + slot] = at >= 0 ? kind : (world.bare[kind] as number)
  packed[bytes.forced + slot] = Number(patch?.forced ?? state.modules.get(name)?.pinned)
  packed[bytes.flag + slot] = at >= 0 && world.hasFlag ? Number(patch?.replaceable) : 0
}

function putTransition(packed: Uint8Array, state: KernelState, world: PackedWorld, names: SlotNames): void {
  const { transition } = state
  if (transition === null) return
  const patch = state.patches.find(({ name }) => name === transition.patch) as PatchState
  packed[bytes.moving] = names.indexOf(transition.patch) + 1
  packed[bytes.goal] = Number(transition.goal === 'patched')
  packed[bytes.isForced] = Number(transition.forcedNs !== null)
  packed[bytes.isEnable] = Number(transition.sincePosition === patch.sincePosition)
  for (const object of patch.objects) {
    for (const func of object.functions) {
      if (!func.nop) continue
      const at = functionAt(world, functionKey(object.name, func.name, func.sympos))
      packed[bytes.nops] = (packed[bytes.nops] as number) | (1 << at)
    }
  }
}

function putTasks(packed: Uint8Array, state: KernelState, world: PackedWorld, names: SlotNames): void {
  const pending = new Set(pendingTasks(state).map(({ pid, comm }) => taskKey(pid, comm)))
  ;[...state.tasks].forEach(([key, { frames }], task) => {
    packed[bytes.pending + task] = Number(pending.has(key))
    frames.forEach((frame, depth) => {
      const slot = names.indexOf(frame.version)
      const version = frame.version === ORIGINAL ? originalVersion : slot < 0 ? goneVersion : slot + 1
      packed[bytes.frame + limits.callDepth * task + depth] = frameOf(
        functionAt(world, frame.function),
        version
      )
    })
  })
}

function putHooks(packed: Uint8Array, state: KernelState, world: PackedWorld, names: SlotNames): void {
  for (const hook of state.hooks) {
    const at = bytes.hook + world.programs.findIndex(({ program }) => program === hook.program)
    const place = world.hookPlaces.findIndex(
      (one) => names[one.slot] === hook.module && symbolIn(world, names, one) === hook.function
    )
    packed[at] = hook.goneNs === null ? hookPlaces.first + place : hookPlaces.gone
  }
}

/** The name of the function that a place stands for. */
export function symbolIn(world: PackedWorld, names: SlotNames, { slot, symbol }: HookPlace): string {
  return world.isOpen ? `${names[slot]}_${symbol}` : symbol
}

/** A function's number in the world. */
function functionAt(world: PackedWorld, key: string): number {
  return world.functions.findIndex(({ object, name, sympos }) => functionKey(object, name, sympos) === key)
}
