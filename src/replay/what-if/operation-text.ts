import type { Operation } from '../../kernel/index.ts'

/** An operation as the command that asks for it, or as what the kernel's own work does. */
export function operationText(operation: Operation): string {
  switch (operation.op) {
    case 'insmod':
    case 'rmmod':
      return `${operation.op} ${operation.module}`
    case 'write-enabled':
      return `echo ${operation.value} > ${operation.patch}/enabled`
    case 'write-replaceable':
      return `echo ${operation.value} > ${operation.patch}/replaceable`
    case 'force':
      return `echo ${operation.value} > ${operation.patch}/force`
    case 'set-param':
      return `echo ${operation.value} > ${operation.module}/parameters/${operation.param}`
    case 'sysctl':
      return `sysctl ${operation.name}=${operation.value}`
    case 'attach':
      return `attach ${operation.program} to ${operation.symbol}`
    case 'detach':
      return `detach ${operation.program}`
    case 'free':
      return `free ${operation.patch}`
    case 'try':
      return 'try to complete the transition'
    default:
      return operation.op
  }
}

/** Whether user space asked for it. */
export function isAsked({ op }: Operation): boolean {
  return !['try', 'free', 'switch', 'start-task', 'exit-task', 'call', 'return'].includes(op)
}
