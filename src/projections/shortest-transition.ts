import type { ReadModelSource } from '../events/index.ts'
import { readSpans } from './span-reader.ts'

/**
 * The shortest time that a transition towards patched took on this stream, up to a position, from
 * klp_init_transition() to its completion; null when none completed by itself. One that was forced, or turned round, tells nothing.
 */
export async function shortestTransition(
  log: ReadModelSource,
  stream: string,
  upTo: number
): Promise<bigint | null> {
  const spans = await readSpans(log, stream, 'transition')
  const times = spans
    .filter(({ value, toPosition }) => {
      const isReversed = spans.some(
        (next) => next.fromPosition === toPosition && next.value.patch === value.patch
      )
      return value.goal === 'patched' && value.started && value.forcedNs === null && !isReversed
    })
    .flatMap(({ fromNs, toNs, toPosition }) =>
      toNs === null || toPosition === null || toPosition > upTo ? [] : [toNs - fromNs]
    )
  return times.reduce<bigint | null>((least, ns) => (least === null || ns < least ? ns : least), null)
}
