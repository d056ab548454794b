import type { EventData, EventType, Goal, Policy } from '../../src/events/index.ts'

/** A func entry: on a func_stack of the toy, index 0 is the top. */
export interface ToyFunc {
  readonly patch: string
  /** `object:name,1`. */
  readonly key: string
  readonly nop: boolean
  transition: boolean
}

export interface ToyObject {
  readonly name: string
  readonly dynamic: boolean
  funcs: ToyFunc[]
  patched: boolean
}

export interface ToyPatch {
  readonly name: string
  readonly replace: boolean
  readonly replaceable: boolean
  readonly set: number
  enabled: boolean
  forced: boolean
  /** Off klp_patches; its free work is still to come. */
  offList: boolean
  objects: ToyObject[]
}

export interface ToyTask {
  readonly pid: number
  readonly comm: string
  state: -1 | 0 | 1
}

export interface ToyHook {
  readonly program: string
  readonly programId: number
  readonly linkId: number | null
  readonly kind: 'kprobe' | 'kprobe_multi' | 'fentry'
  readonly module: string | null
  readonly function: string
  readonly address: string
  readonly overrides: boolean
  /** The patched function whose calls it is there for. */
  readonly key: string
  gone: boolean
}

export interface ToyModule {
  /** Its functions that can be probed, each with the patched function whose calls arrive there. */
  readonly functions: readonly { readonly name: string; readonly key: string }[]
  readonly livepatch: boolean
  /** A forced transition keeps its reference for ever. */
  pinned: boolean
}

/** A fact as the toy tells it. */
export type ToyFact = { [T in EventType]: { ns: bigint; type: T; data: EventData<T> } }[EventType]

/**
 * A second, plain reading of parts B.1 to B.14 and C.2 of the kernel semantics: tasks with a patch state each,
 * function stacks with a transition flag an entry, ftrace ops with an age. It shares no code with `src`, so
 * that what it tells, and what it knows to be true at each telling, can judge what `src` makes of it.
 */
export class ToyKernel {
  readonly policy: Policy
  ns = 1_000_000n
  /** How much later each fact is than the one before. */
  stepNs = 0n
  patches: ToyPatch[] = []
  transition: { readonly patch: ToyPatch; goal: Goal } | null = null
  readonly stacks = new Map<string, ToyFunc[]>()
  tasks: ToyTask[] = []
  readonly modules = new Map<string, ToyModule>()
  hooks: ToyHook[] = []
  readonly #onTell: (fact: ToyFact) => void
  readonly #tracer: boolean
  /** When a function's livepatch ops, and kprobe_ftrace_ops, were registered: an age in registrations. */
  readonly #stackAge = new Map<string, number>()
  #kprobeAge: number | null = null
  #age = 0

  constructor(policy: Policy, tracer: boolean, onTell: (fact: ToyFact) => void) {
    this.policy = policy
    this.#tracer = tracer
    this.#onTell = onTell
    this.kprobesChanged()
  }

  tell<T extends EventType>(type: T, data: EventData<T>): void {
    this.ns += this.stepNs
    this.#onTell({ ns: this.ns, type, data } as unknown as ToyFact)
  }

  /** klp_ftrace_handler(), B.2. */
  run(task: ToyTask, key: string): string {
    const stack = this.stacks.get(key) ?? []
    let entry = stack[0]
    if (entry?.transition === true && task.state === 0) entry = stack[1]
    return entry === undefined || entry.nop ? 'original' : entry.patch
  }

  /** Whether a call of the hooked function by the task runs the program, and what it returns counts: C.2, C.4. */
  reaches(task: ToyTask, hook: ToyHook): boolean {
    if (hook.gone) return false
    if (hook.module !== null && this.modules.get(hook.module)?.livepatch === true) {
      return this.run(task, hook.key) === hook.module
    }
    if (hook.kind !== 'kprobe' || !hook.overrides || !this.stacks.has(hook.key)) return true
    // Both handlers write the instruction pointer, newest first: the oldest has the last word.
    return (this.#kprobeAge ?? 0) < (this.#stackAge.get(hook.key) ?? 0)
  }

  /** Inside a transition the goal as a patch state. */
  get target(): -1 | 0 | 1 {
    return this.transition === null ? -1 : this.transition.goal === 'patched' ? 1 : 0
  }

  pending(): ToyTask[] {
    return this.transition === null ? [] : this.tasks.filter((task) => task.state !== this.target)
  }

  isLoaded(object: string): boolean {
    return object === 'vmlinux' || this.modules.has(object)
  }

  /** Whom a new patch takes over from, B.18. */
  inScope(by: { readonly set: number }, old: ToyPatch): boolean {
    if (old.offList) return false
    if (this.policy === 'hybrid') return old.replaceable
    return this.policy === 'mainline' || by.set === old.set
  }

  /** klp_patch_object(): each function on top of its stack. */
  patchObject(patch: ToyPatch, object: ToyObject): void {
    for (const func of object.funcs) {
      const stack = this.stacks.get(func.key)
      if (stack === undefined) {
        this.stacks.set(func.key, [func])
        this.#stackAge.set(func.key, ++this.#age)
      } else stack.unshift(func)
    }
    object.patched = true
    this.tell('object.patched', { patch: patch.name, object: object.name })
  }

  /** klp_unpatch_func() of those that pass. */
  unpatchFuncs(object: ToyObject, which: (func: ToyFunc) => boolean): void {
    for (const func of object.funcs.filter(which)) {
      const rest = (this.stacks.get(func.key) ?? []).filter((entry) => entry !== func)
      if (rest.length > 0) this.stacks.set(func.key, rest)
      else this.stacks.delete(func.key)
    }
  }

  unpatchAll(patch: ToyPatch): void {
    for (const object of patch.objects) {
      this.unpatchFuncs(object, () => true)
      object.patched = false
    }
  }

  /** klp_init_transition(), B.6. */
  init(patch: ToyPatch, goal: Goal): void {
    this.transition = { patch, goal }
    for (const task of this.tasks) task.state = goal === 'patched' ? 0 : 1
    for (const object of patch.objects) for (const func of object.funcs) func.transition = true
  }

  /** The end of klp_complete_transition(): no flags, no states. */
  rest(patch: ToyPatch): void {
    for (const object of patch.objects) for (const func of object.funcs) func.transition = false
    for (const task of this.tasks) task.state = -1
    this.transition = null
  }

  /** kprobe_ftrace_ops is registered with the first armed kprobe and goes with the last. */
  kprobesChanged(): void {
    const armed = this.#tracer || this.hooks.some((hook) => hook.kind === 'kprobe' && !hook.gone)
    if (!armed) this.#kprobeAge = null
    else this.#kprobeAge ??= ++this.#age
  }
}
