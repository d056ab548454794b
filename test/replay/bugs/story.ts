import type { Operation } from '../../../src/kernel/index.ts'

/** An operation as a user would write it down, in a few words. */
export function operationText(operation: Operation): string {
  switch (operation.op) {
    case 'insmod': {
      const { fail } = operation
      return `insmod ${operation.module}${fail === undefined ? '' : ` (${fail.step} fails)`}`
    }
    case 'rmmod':
      return `rmmod ${operation.module}`
    case 'write-enabled':
      return `${operation.patch}/enabled = ${operation.value}`
    case 'write-replaceable':
      return `${operation.patch}/replaceable = ${operation.value}`
    case 'force':
      return `${operation.patch}/force = ${operation.value}`
    case 'try':
      return 'try'
    case 'free':
      return `free ${operation.patch}`
    case 'switch':
      return `${taskText(operation.task)} switches itself`
    case 'start-task':
      return `${taskText(operation.parent ?? 0)} forks ${taskText(operation.pid)}`
    case 'exit-task':
      return `${taskText(operation.task)} exits`
    case 'call':
      return `${taskText(operation.task)} calls ${operation.object === 'vmlinux' ? '' : `${operation.object}:`}${operation.function}`
    case 'return':
      return `${taskText(operation.task)} returns`
    case 'attach':
      return `attach ${operation.kind} to ${operation.symbol}`
    case 'detach':
      return `detach ${operation.program}`
    case 'set-param':
      return `${operation.module}.${operation.param} = ${operation.value}`
    case 'sysctl':
      return `${operation.name} = ${operation.value}`
  }
}

function taskText(key: number): string {
  return key < 0 ? `swapper/${-1 - key}` : `task ${key}`
}
