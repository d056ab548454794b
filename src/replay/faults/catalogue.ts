import { bugFaults } from './bug-faults.ts'
import { failingEnables } from './failing-enable.ts'
import type { KernelFault } from './fault.ts'
import { hookFaults } from './hook-faults.ts'
import { patchFaults } from './patch-faults.ts'
import { taskFaults } from './task-faults.ts'

/** Every fault of the kernel and its users, always in this order. */
export const kernelFaults: readonly KernelFault[] = [
  ...failingEnables,
  ...taskFaults,
  ...patchFaults,
  ...hookFaults,
  ...bugFaults
]

/** A name that no fault has. */
export class UnknownFaultError extends Error {
  constructor(name: string) {
    const names = kernelFaults.map((fault) => fault.name).join(', ')
    super(`no fault has the name '${name}'. The faults are: ${names}`)
    this.name = 'UnknownFaultError'
  }
}

/**
 * The fault of that name.
 * @throws UnknownFaultError with the names that there are
 */
export function kernelFault(name: string): KernelFault {
  const found = kernelFaults.find((fault) => fault.name === name)
  if (found === undefined) throw new UnknownFaultError(name)
  return found
}
