import type { Operation } from '../../kernel/index.ts'

/** An operation in words: what, and on what. */
export function operationName(operation: Operation): string {
  const { op, ...rest } = operation
  const words = Object.entries(rest)
    .filter(([name]) => name !== 'conditions')
    .map(([, value]) =>
      typeof value === 'object'
        ? Object.entries(value as object)
            .flat()
            .join('=')
        : String(value)
    )
  return [op, ...words].filter((word) => word !== '').join(' ')
}
