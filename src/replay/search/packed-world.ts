import type { ModuleSpec, Operation, World } from '../../kernel/index.ts'

/** A function of the world, by its object. */
export interface WorldFunction {
  readonly object: string
  readonly name: string
  readonly sympos: number
}

/** A program of user space: all of its attach but where to. */
export type HookProgram = Omit<Extract<Operation, { op: 'attach' }>, 'op' | 'symbol'>

/** A place for a program: a function of the module in a slot. */
export interface HookPlace {
  readonly slot: number
  /** The functions whose calls get there, as bits. */
  readonly mask: number
  /** The function's name; in an open world without the module's before it. */
  readonly symbol: string
}

/**
 * A small world, as the search needs it: the policy's rules as tables over kinds of patches, computed by the rules
 * themselves. In an open world a slot takes a patch of any kind, again and again; in a closed one each slot is a
 * module of its own.
 */
export interface PackedWorld {
  /** The model's world; in an open one its modules are made as they are loaded. */
  readonly world: World
  /** Modules that are loaded from the beginning and stay. */
  readonly targets: readonly string[]
  readonly isOpen: boolean
  readonly patches: number
  readonly functions: readonly WorldFunction[]
  readonly tasks: number
  readonly hooks: number
  readonly callDepth: number
  /** Whether sysfs has `replaceable`. */
  readonly hasFlag: boolean
  readonly kinds: readonly ModuleSpec[]
  /** By kind: the functions that it changes, as bits. */
  readonly masks: Uint8Array
  readonly replaces: Uint8Array
  /** By kind: the kind that stands for it off the list, where only its functions are of interest. */
  readonly bare: Uint8Array
  /** Whether patches belong to sets; by kind, its replace_set. */
  readonly hasSets: boolean
  readonly sets: Uint8Array
  /** By kind: the ids of its states, as bits. */
  readonly stateIds: Uint32Array
  /** `replaceable` as the kind is loaded; in an open world both are. */
  readonly flags: Uint8Array
  /** By new kind and old kind: klp_is_patch_compatible(). */
  readonly compatible: Uint8Array
  /** By new kind, old kind and the old one's flag: whether the new one takes over from it. */
  readonly scope: Uint8Array
  /** By kind and other kind: whether a force towards patched pins the other. */
  readonly pins: Uint8Array
  readonly hookPlaces: readonly HookPlace[]
  readonly taskNames: readonly { readonly pid: number; readonly comm: string }[]
  readonly programs: readonly HookProgram[]
  /** By hook: the numbers of the places where it may be attached. */
  readonly offers: readonly (readonly number[])[]
  /** By hook: whether it holds the module that it is in. */
  readonly hookPins: Uint8Array
}

export const kindsMax = 64

export function pairIndex(kind: number, other: number): number {
  return kind * kindsMax + other
}

export function scopeIndex(kind: number, other: number, flag: number): number {
  return (kind * kindsMax + other) * 2 + flag
}
