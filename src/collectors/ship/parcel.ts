import { createHash } from 'node:crypto'
import type { RejectedEvidence, WireEvent } from '../../events/index.ts'

/** What goes to the service in one request. */
export type Parcel =
  | { readonly kind: 'events'; readonly stream: string; readonly events: readonly WireEvent[] }
  | { readonly kind: 'rejected'; readonly evidence: readonly RejectedEvidence[] }

/** What makes each of its pieces the same one, in 128 bits. */
export function keysOf(parcel: Parcel): string[] {
  return parcel.kind === 'events' ? parcel.events.map(({ id }) => id) : parcel.evidence.map(keyOfRejected)
}

/** How many pieces are in it. */
export function sizeOf(parcel: Parcel): number {
  return parcel.kind === 'events' ? parcel.events.length : parcel.evidence.length
}

/** The parcel without what a test lets go; null when nothing is left. */
export function without(parcel: Parcel, isKnown: (key: string) => boolean): Parcel | null {
  if (parcel.kind === 'events') {
    const events = parcel.events.filter(({ id }) => !isKnown(id))
    return events.length === 0 ? null : { ...parcel, events }
  }
  const evidence = parcel.evidence.filter((one) => !isKnown(keyOfRejected(one)))
  return evidence.length === 0 ? null : { ...parcel, evidence }
}

/** A digest of what the log tells rejected evidence apart by. */
export function keyOfRejected({ stream, source, line, raw, latin1 = false }: RejectedEvidence): string {
  const text = JSON.stringify([stream, source, line, raw, latin1])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** A parcel has to stay below what a service takes at once. */
const parcelCharsMax = 2_000_000

/** In parts that fit into a parcel. */
export function* parcelParts<T>(all: readonly T[]): Generator<readonly T[]> {
  let part: T[] = []
  let chars = 0
  for (const one of all) {
    const { length } = JSON.stringify(one)
    if (part.length > 0 && chars + length > parcelCharsMax) {
      yield part
      part = []
      chars = 0
    }
    part.push(one)
    chars += length
  }
  if (part.length > 0) yield part
}
