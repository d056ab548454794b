import type { Actor, Goal, HookKind, Policy } from '../../events/index.ts'
import type { PatchManifest } from '../observation.ts'
import { PatchedObjects } from './patched-objects.ts'

/** A piece of evidence on its way to an event: its time in the stream's clock and the line that holds it. */
export interface Item {
  readonly uptimeNs: bigint
  /** The time in the evidence's own clock, the same in whatever company it is read. */
  readonly ownNs: bigint
  readonly source: string
  readonly format: string
  readonly line: number
  readonly raw: string
  readonly latin1: boolean
}

/** The transition that the evidence is in the middle of. */
export interface SeenTransition {
  readonly patch: string
  readonly begunTowards: Goal
  goal: Goal
  started: boolean
  /** klp_try_complete_transition() was entered, or may have been unseen. */
  tried: boolean
  cancelled: boolean
  reversed: boolean
  forced: boolean
  /** klp_complete_transition was entered: the probes tell all that follows. */
  completing: Item | null
  /** Objects that a probe showed as patched. */
  readonly patched: Set<string>
}

/** What a loader announced that it would attach. */
export interface AttachIntent {
  readonly kind: HookKind
  readonly module: string | null
  readonly function: string | null
  readonly overrides: boolean | null
  readonly overrideValue: string | null
  readonly filter: string | null
}

export interface AttachedHook {
  readonly program: string
  readonly programId: number | null
  linkId: number | null
  readonly kind: HookKind
  readonly address: string | null
}

/** A command's window in time, for the question who did something. */
export interface CommandWindow {
  readonly fromNs: bigint
  readonly toNs: bigint
  /** What its author called it, else the command line. */
  readonly command: string
  readonly commandLine: string
}

/** An enable between klp_enable_patch's entry and return. */
export interface Enabling {
  readonly patch: string
  readonly replace: boolean | null
  readonly item: Item
  readonly actor: Actor | null
  message: string | null
}

/**
 * What the evidence has told so far, as far as the next line's meaning depends on it. It is no second idea of
 * the kernel's state: it only knows what was already said, so that a fact is told once however many sources
 * prove it.
 */
export class Knowledge {
  policy: Policy | null = null
  readonly manifests = new Map<string, PatchManifest>()
  commands: readonly CommandWindow[] = []
  /** Functions that the trace records, `FUNCTION` the entries and `FUNCTION%return` the returns. */
  tracedFunctions: ReadonlySet<string> = new Set()
  /** What was told of objects being patched and unpatched. */
  readonly patchedObjects = new PatchedObjects()
  /** Names on klp_patches, in order. */
  readonly list: string[] = []
  readonly replaceOf = new Map<string, boolean | null>()
  /** Patches whose module reference a forced transition keeps. */
  transition: SeenTransition | null = null
  /** By pid, or -1 where the evidence has no task. */
  readonly enabling = new Map<number, Enabling>()
  readonly storing = new Map<number, { patch: string; value: string; item: Item }>()
  readonly modules = new Set<string>()
  /** Modules whose load has not returned yet, by the pid that loads them, and when that was first seen. */
  readonly loading = new Map<number, { readonly module: string; readonly sinceNs: bigint }>()
  goingModule: string | null = null
  /** The pid that runs klp_try_complete_transition(): it tries the others, and itself among them. */
  trier: number | null = null
  /** Whose completion is unpatching the replaced ones. */
  replacing: string | null = null
  readonly replaced = new Set<string>()
  /** Patches off the list whose free work is still to come, in order. */
  readonly toFree: string[] = []
  readonly intents = new Map<string, AttachIntent>()
  readonly programTypes = new Map<string, number>()
  readonly programNames = new Map<number, string>()
  readonly attached: AttachedHook[] = []
  readonly registering = new Map<number, { symbol: string; address: string | null }>()
  readonly settingProgram = new Map<number, { program: string; programId: number | null }>()
  readonly symbolAddress = new Map<string, string>()
  readonly rejectedPrograms = new Set<string>()
  sawRegister = false
  /** Something was lost, and no snapshot has shown since how things stand. */
  isDoubted = false
  /** The evidence has shown whether a transition is under way: from here on one that nobody saw begin is a hole in it. */
  knowsTransition = false
  step: { what: string; fromNs: bigint } | null = null

  /** Whether the item's own trace has a record of every call of this function, or has lost it. */
  hasEvery(fn: string, { format }: Item): boolean {
    return format === 'ftrace' && this.tracedFunctions.has(fn)
  }

  /** Whether a load of the module is under way that began at this time or later. */
  isLoading(module: string, fromNs = 0n): boolean {
    return [...this.loading.values()].some((one) => one.module === module && one.sinceNs >= fromNs)
  }

  /** The load of the module is over. Returns whether it was under way. */
  endLoading(module: string): boolean {
    for (const [pid, loading] of this.loading) {
      if (loading.module === module) return this.loading.delete(pid)
    }
    return false
  }

  /** The command that was running at this time, if a journal or a step mark tells. */
  commandAt(uptimeNs: bigint): string | null {
    // Windows are sorted by their begin; the last one that began decides.
    let low = 0
    let high = this.commands.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.commands[middle]?.fromNs ?? 0n) <= uptimeNs) low = middle + 1
      else high = middle
    }
    const window = this.commands[low - 1]
    if (window !== undefined) return uptimeNs <= window.toNs ? window.command : null
    return this.step?.what ?? null
  }

  /** Whether the patch replaces: as the kernel's own record said, else as the manifest does. */
  replaces(patch: string): boolean | null {
    if (this.policy === 'replace-set') return true
    return this.replaceOf.get(patch) ?? this.manifests.get(patch)?.replace ?? null
  }
}
