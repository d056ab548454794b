import { mutations } from './bugs/mutations.ts'
import { objectBugs } from './bugs/object-bugs.ts'
import { patchBugs } from './bugs/patch-bugs.ts'
import { transitionBugs } from './bugs/transition-bugs.ts'

/** Every bug that the model can have: what kernels had, and then rules turned off. */
export const kernelBugs = { ...transitionBugs, ...patchBugs, ...objectBugs, ...mutations } as const

export type BugName = keyof typeof kernelBugs

/** All names, always in this order. */
export const bugNames = Object.keys(kernelBugs) as BugName[]

/** Whether this world's kernel has the bug. */
export function hasBug({ bugs }: { readonly bugs?: ReadonlySet<BugName> }, name: BugName): boolean {
  return bugs?.has(name) === true
}
