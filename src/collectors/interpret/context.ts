import type { Goal } from '../../events/index.ts'
import type { Item, Knowledge } from './knowledge.ts'
import type { Freeing } from './module-life.ts'
import type { Teller } from './teller.ts'
import type { BlockedTask } from './transition.ts'
import type { Unpatching } from './unpatch.ts'

/** What the meaning of an observation is worked out with: what is known, where facts go, what is half told. */
export interface Context {
  readonly k: Knowledge
  readonly t: Teller
  readonly unpatching: Unpatching
  readonly freeing: Freeing
  /** A task that a try could not switch, until the next line may tell where it sleeps. */
  blocked: BlockedTask | null
  /** An object whose patching has begun; its success shows in the return, or in that the kernel goes on. */
  patching: Patching | null
  sawPrintk: boolean
}

interface Patching {
  readonly patch: string
  readonly object: string
  /** The pid of who patches it; null where the evidence has no task. */
  readonly by: number | null
  readonly item: Item
}

/** The goal that a probe names, else that of the transition under way. */
export function goalIn(context: Context, word: string | undefined): Goal {
  if (word === '1') return 'patched'
  if (word === '0') return 'unpatched'
  return context.k.transition?.goal ?? 'patched'
}
