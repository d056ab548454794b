import { type BugName, bugNames, hasBug, kernelBugs } from '../../kernel/index.ts'
import type { KernelFault } from './fault.ts'

/** From the place on the kernel has the bug. */
function bugFault(name: BugName): KernelFault {
  return {
    name,
    says: kernelBugs[name].says,
    inject: ({ ahead, world }) =>
      hasBug(world, name)
        ? []
        : [{ variant: '', ahead, world: { ...world, bugs: new Set([...(world.bugs ?? []), name]) } }]
  }
}

/** A fault for each bug that the model can have. */
export const bugFaults: readonly KernelFault[] = bugNames.map(bugFault)
