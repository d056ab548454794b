import { type EventFilter, type EventGroup, eventGroupNames } from './event-filter.ts'

/** What a link to the page says: the moment, the window, the markers, the filters. */
export interface Link {
  readonly stream: string | null
  /** `@POSITION`, or `+NS` for a time between events. */
  readonly at: string | null
  /** The window in ns since boot. */
  readonly from: string | null
  readonly to: string | null
  readonly markers: { readonly a: number | null; readonly b: number | null }
  readonly filter: EventFilter
  readonly allFunctions: boolean | null
  /** The policy of the history beneath. */
  readonly compare: string | null
  /** The state is that of the history beneath. */
  readonly below: boolean
}

/** The part of a URL behind `#`. */
export function encodeLink(link: Link): string {
  const params = new URLSearchParams()
  const set = (name: string, value: string | number | null) => {
    if (value !== null && value !== '') params.set(name, String(value))
  }
  set('stream', link.stream)
  set('at', link.at)
  set('from', link.from)
  set('to', link.to)
  set('a', link.markers.a)
  set('b', link.markers.b)
  set('q', link.filter.search)
  set('hide', link.filter.hidden.join(','))
  if (link.filter.onlyChanges) set('only', 'changes')
  if (link.allFunctions !== null) set('functions', link.allFunctions ? 'all' : 'hooked')
  set('compare', link.compare)
  if (link.below) set('state', 'below')
  // A position's `@`, a time's `+` and commas are legal there, and read better than their codes.
  return params.toString().replaceAll('%40', '@').replaceAll('%2C', ',').replaceAll('%2F', '/')
}

/** What such a text says; what it says wrongly is left out. */
export function decodeLink(hash: string): Link {
  const params = new URLSearchParams(hash.replace(/^#/, ''))
  const matching = (name: string, form: RegExp) => {
    const value = params.get(name)
    return value !== null && form.test(value) ? value : null
  }
  const position = (name: string) => {
    const value = matching(name, /^\d{1,15}$/)
    return value === null ? null : Number(value)
  }
  const hidden = (params.get('hide') ?? '').split(',')
  const functions = params.get('functions')
  return {
    stream: params.get('stream'),
    at: matching('at', /^(@\d{1,15}|\+\d{1,19})$/),
    from: matching('from', /^\d{1,19}$/),
    to: matching('to', /^\d{1,19}$/),
    markers: { a: position('a'), b: position('b') },
    filter: {
      hidden: eventGroupNames.filter((group): group is EventGroup => hidden.includes(group)),
      search: params.get('q') ?? '',
      onlyChanges: params.get('only') === 'changes'
    },
    allFunctions: functions === 'all' ? true : functions === 'hooked' ? false : null,
    compare: params.get('compare'),
    below: params.get('state') === 'below'
  }
}
