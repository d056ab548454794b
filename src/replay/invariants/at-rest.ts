import type { World } from '../../kernel/index.ts'
import type { KernelState } from '../../projections/index.ts'
import { type Complaint, defineInvariant, type Invariant } from './invariant.ts'

interface Looked {
  /** Something that the law reads has happened since the last look. */
  stale: boolean
  found: readonly Complaint[]
}

type Law = Omit<Invariant, 'start' | 'before' | 'after' | 'holding' | 'rest'> & {
  /** All that is wrong with a state that an operation left. */
  readonly wrong: (state: KernelState, world: World) => readonly Complaint[]
}

/** A law about what operations leave behind. It looks again only when what it reads has happened. */
export function lawAtRest({ wrong, ...law }: Law): Invariant {
  return defineInvariant<Looked>({
    ...law,
    start: () => ({ stale: true, found: [] }),
    after: (memory) => {
      memory.stale = true
      return null
    },
    rest: (memory, state, _ended, world) => {
      if (memory.stale) memory.found = wrong(state, world)
      memory.stale = false
      return memory.found
    }
  })
}
