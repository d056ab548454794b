import { createHash } from 'node:crypto'

/**
 * An event's id: 32 hex digits over what proves it, so that the same evidence gives the same id again,
 * whatever file it comes in. `nth` tells apart several events of one type from one line.
 */
export function eventId(stream: string, type: string, nth: number, timeNs: bigint, raw: string): string {
  const hash = createHash('sha256')
  hash.update(`${stream}\n${type}\n${nth}\n${timeNs}\n`)
  hash.update(raw)
  return hash.digest('hex').slice(0, 32)
}
