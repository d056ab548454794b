import { encodeLink, type Link } from '../history/link.ts'
import { policies, type View } from './view.ts'

/** The part of a URL that shows a colleague the same. */
export function linkTo(view: View): string {
  const { session, cursor, window, markers, filter, allFunctions, compare, stateOf } = view
  if (session === null) return ''
  const { history, head } = session
  const { fitting } = session
  const isFitting = window.from === fitting.from && window.to === fitting.to
  const position = (index: number | null) =>
    index === null ? null : (history.events[index]?.position ?? null)
  const isAtEvent = cursor.index >= 0 && history.timeOf(cursor.index) === cursor.time
  // A window may begin in the air before the first event.
  const ns = (time: number) => String(history.uptimeNs(time) < 0n ? 0n : history.uptimeNs(time))
  return encodeLink({
    stream: head.stream,
    at: isAtEvent ? `@${position(cursor.index)}` : `+${ns(cursor.time)}`,
    from: isFitting ? null : ns(window.from),
    to: isFitting ? null : ns(window.to),
    markers: { a: position(markers.a), b: position(markers.b) },
    filter,
    allFunctions,
    compare: compare?.policy ?? null,
    below: stateOf === 'below'
  })
}

/** What a link says about another history; a policy that there is not is none. */
export function comparedBy({ compare, below }: Link): Pick<View, 'compare' | 'stateOf'> {
  const isPolicy = compare !== null && policies.includes(compare)
  return { compare: isPolicy ? { policy: compare, says: null } : null, stateOf: below ? 'below' : 'above' }
}
