import type { Operation } from '../../kernel/index.ts'
import type { Injection, Place, TimedOperation } from './fault.ts'

/** These operations happen first, at the time of the place, and then what would have happened anyway. */
export function insertedBefore(
  { state, ahead }: Place,
  variant: string,
  ...operations: readonly Operation[]
): Injection {
  const uptimeNs = ahead[0]?.uptimeNs ?? state.uptimeNs
  return { variant, ahead: [...operations.map((operation) => ({ operation, uptimeNs })), ...ahead] }
}

/** The next operation as another one, or as none. */
export function nextReplaced({ ahead }: Place, variant: string, operation: Operation | null): Injection {
  const [next, ...rest] = ahead
  if (next === undefined || operation === null) return { variant, ahead: rest }
  return { variant, ahead: [{ operation, uptimeNs: next.uptimeNs }, ...rest] }
}

/** The next operation behind all the others. */
export function nextDelayed({ ahead }: Place, variant: string): Injection {
  const [next, ...rest] = ahead
  const last = rest.at(-1) ?? next
  if (next === undefined || last === undefined) return { variant, ahead }
  return { variant, ahead: [...rest, { operation: next.operation, uptimeNs: last.uptimeNs }] }
}

/** What lies ahead without what one task does by itself: it calls nothing, returns from nothing, switches nothing. */
export function withoutTask(ahead: readonly TimedOperation[], task: number): TimedOperation[] {
  return ahead.filter(({ operation }) => !('task' in operation) || operation.task !== task)
}
