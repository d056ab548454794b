/** The callbacks that a struct klp_object may have. */
export type CallbackName = 'pre_patch' | 'post_patch' | 'pre_unpatch' | 'post_unpatch'

/**
 * A function that a patch changes: `old` is replaced by `new`; sympos 0 wants the name to be unique. An empty name
 * stands for a pointer that the author forgot.
 */
export interface FuncSpec {
  readonly old: string
  readonly new: string
  readonly sympos: number
}

export interface ObjectSpec {
  /** `vmlinux` or a module. */
  readonly name: string
  readonly functions: readonly FuncSpec[]
  readonly callbacks: readonly CallbackName[]
}

/** What makes a module a livepatch: its struct klp_patch. Values may come from the module's parameters. */
export interface PatchSpec {
  readonly replace: boolean | ParamRef
  readonly replaceable: boolean
  readonly replaceSet: number | ParamRef
  readonly objects: readonly ObjectSpec[]
  /** struct klp_state: what it changed beyond code, and in which version. */
  readonly states: readonly { readonly id: number; readonly version: number }[]
  /** What pre_patch returns: 0, a negative errno, or a parameter's value. */
  readonly prePatchReturns: number | ParamRef
  /** What callbacks print, with {mod}, {object}, {module_state} and {ret} filled in. */
  readonly prints: Readonly<Partial<Record<CallbackName, readonly string[]>>>
  /** What they print instead when an older patch has the state of the same id (klp_get_prev_state()). */
  readonly printsWithPrevState: Readonly<Partial<Record<CallbackName, readonly string[]>>>
}

export interface ParamRef {
  readonly param: string
}

/** A module as its source has it: all that the kernel's behaviour depends on. */
export interface ModuleSpec {
  readonly name: string
  /** MODULE_INFO(livepatch, "Y"). */
  readonly livepatch: boolean
  /** Its init calls klp_enable_patch() with this; null for an ordinary module. */
  readonly patch: PatchSpec | null
  /** Parameters with their defaults. */
  readonly params: Readonly<Record<string, string>>
  /** Functions that others may patch or probe. */
  readonly functions: readonly string[]
  /** Functions of it on the error-injection list (ALLOW_ERROR_INJECTION). */
  readonly errorInjectable: readonly string[]
  /** Whether it carries type information, which fentry, fexit and fmod_ret need. */
  readonly btf: boolean
  readonly initPrints: readonly string[]
  readonly exitPrints: readonly string[]
  /** Its init registers a kprobe on this function of vmlinux; with a post_handler it needs IPMODIFY. */
  readonly kprobe: { readonly function: string; readonly postHandler: boolean | ParamRef } | null
}

/** A module without anything special; the base of every spec. */
export const plainModule: ModuleSpec = {
  name: '',
  livepatch: false,
  patch: null,
  params: {},
  functions: [],
  errorInjectable: [],
  btf: true,
  initPrints: [],
  exitPrints: [],
  kprobe: null
}

/** A patch that changes nothing; the base of every patch. */
export const plainPatch: PatchSpec = {
  replace: false,
  replaceable: false,
  replaceSet: 0,
  objects: [],
  states: [],
  prePatchReturns: 0,
  prints: {},
  printsWithPrevState: {}
}
