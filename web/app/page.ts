import {
  decodeTimelinePage,
  type TimelineEvent,
  type TimelineHead,
  type TimelineViolation
} from '../../src/projections/index.ts'
import { type EventFilter, passing } from '../history/event-filter.ts'
import type { Finding } from '../history/findings.ts'
import { lastAtMost } from '../history/history.ts'
import { decodeLink, type Link } from '../history/link.ts'
import { partingOf } from '../history/parting.ts'
import { around, panned, showing, type Window, zoomed } from '../timeline/scale.ts'
import { comparedBy, linkTo } from './page-link.ts'
import { Session } from './session.ts'
import { Store } from './store.ts'
import { emptyView, type MarkerName, type View } from './view.ts'

/** Events of a history that a tab takes without trouble: about half a kB each. Lanes and findings are always whole. */
const eventsMaxDefault = 500_000

/** What a reader can do on the page: each deed changes the view, which draws itself. */
export class Page {
  readonly store = new Store<View>(emptyView)
  /** What the link asked for, until all events have come. */
  #asked: Link | null = null
  /** How many events have been put into the list, or were kept from it by the filter. */
  #listed = 0

  readonly #eventsMax: number

  constructor(eventsMax = eventsMaxDefault) {
    this.#eventsMax = eventsMax
  }

  get view(): View {
    return this.store.value
  }

  /** A stream's timeline begins to come. */
  begin(head: TimelineHead, link: Link): void {
    const session = new Session(head)
    this.#asked = link
    this.#listed = 0
    this.store.set({
      session,
      other: null,
      partsAt: null,
      revision: this.view.revision + 1,
      problem: null,
      window: session.fitting,
      cursor: { index: -1, time: session.lastTime, isDragged: false },
      filter: link.filter,
      allFunctions: link.allFunctions,
      ...comparedBy(link),
      markers: { a: null, b: null },
      places: []
    })
    this.#showLink(link)
  }

  /** A history to compare with the first one begins to come. */
  beginOther(head: TimelineHead): void {
    const { session } = this.view
    if (session !== null) this.store.set({ other: new Session(head, session) })
  }

  /** More events have come, in order. */
  add(events: readonly TimelineEvent[]): void {
    const { session, other } = this.view
    const target = other ?? session
    target?.append(events, this.#eventsMax)
  }

  /** No more events of the history that is being read are taken. */
  get isFull(): boolean {
    const { session, other } = this.view
    return ((other ?? session)?.history.length ?? 0) >= this.#eventsMax
  }

  /** Draws what has come since it was last drawn. */
  refresh(): void {
    const { session, places } = this.view
    if (session === null) return
    const { length } = session.history
    const news = passing(session.history, this.view.filter, this.#listed)
    this.#listed = length
    this.store.set({
      places: news.length === 0 ? places : [...places, ...news],
      revision: this.view.revision + 1
    })
  }

  /** All events have come. Without a link to a moment the cursor stands at the first finding, or at the end. */
  finish(atFinding: boolean): void {
    const { session } = this.view
    if (session === null) return
    this.refresh()
    session.finish()
    const { other } = this.view
    other?.finish()
    if (other !== null) this.store.set({ partsAt: partingOf(session.lanes, other.lanes) })
    const { history } = session
    const hasMoved = this.view.cursor.index >= 0
    const asked = this.#asked
    this.#asked = null
    this.store.set({ revision: this.view.revision + 1, notice: session.notice })
    if (hasMoved || asked === null) return
    // What a gap is about can be seen; a broken promise may come before its effect.
    const first = session.findings.find(({ kind }) => kind === 'gap') ?? session.findings[0]
    const begins =
      atFinding && first !== undefined ? history.indexAt(history.since(first.fromNs)) : history.length - 1
    if (asked.at === null) this.moveTo(begins, false)
    this.#showLink(asked)
  }

  /** The last event that the page has; 0 for none. */
  get lastPosition(): number {
    return this.view.session?.history.events.at(-1)?.position ?? 0
  }

  /** The log went on: its new head, and the events that are new. */
  follow(head: TimelineHead, events: readonly TimelineEvent[]): void {
    const { session, cursor, window, following, compare } = this.view
    if (session === null) return
    const { fitting, lastTime } = session
    const wasFitting = window.from === fitting.from && window.to === fitting.to
    const sawEnd = window.to >= lastTime
    const wasLast = cursor.index === session.history.length - 1
    if (this.view.other !== null && compare?.says === null) {
      const says = `made of the events up to @${this.lastPosition}; choose it again for those that came since`
      this.store.set({ compare: { ...compare, says } })
    }
    const { lastPosition } = this
    session.append(
      events.filter(({ position }) => position > lastPosition),
      this.#eventsMax
    )
    // A check takes longer: until the next one its last word stands.
    session.renew({ ...head, violations: session.head.violations })
    this.refresh()
    if (following !== true) return
    const grownBy = session.lastTime - lastTime
    const slid = { from: window.from + grownBy, to: window.to + grownBy }
    this.store.set({ window: wasFitting ? session.fitting : sawEnd ? slid : window })
    if (wasLast) this.moveTo(session.history.length - 1, false)
  }

  /** Asks what another policy would have come to; null: shows the recorded history alone. */
  compareWith(policy: string | null): void {
    if (policy === (this.view.compare?.policy ?? null)) return
    const compare = policy === null ? null : { policy, says: null }
    this.store.set({ compare, other: null, partsAt: null, stateOf: 'above' })
  }

  /** How far the answer about a policy is, or why there is none. */
  tellCompared(policy: string, says: string): void {
    if (this.view.compare?.policy === policy)
      this.store.set({ compare: { policy, says }, spoken: `${policy}: ${says}` })
  }

  /** The timeline that another policy would have come to, beneath the recorded one. */
  showCompared(policy: string, [head = '', ...pages]: readonly string[]): void {
    const { session, compare, revision } = this.view
    if (session === null || compare?.policy !== policy) return
    const other = new Session(JSON.parse(head) as TimelineHead, session)
    for (const page of pages) other.append(decodeTimelinePage(page), this.#eventsMax)
    other.finish()
    const partsAt = partingOf(session.lanes, other.lanes)
    const spoken = partsAt === null ? `under ${policy} nothing is otherwise` : `${policy} is shown beneath`
    this.store.set({ other, partsAt, compare: { policy, says: null }, spoken, revision: revision + 1 })
  }

  /** A check has found these. */
  showViolations(violations: readonly TimelineViolation[]): void {
    this.view.session?.mark(violations)
    this.store.set({ revision: this.view.revision + 1 })
  }

  /** To an event, by its place in the history. */
  moveTo(index: number, speaks = true): void {
    const { session, window } = this.view
    if (session === null) return
    const { history, lastTime } = session
    const place = Math.min(Math.max(index, -1), history.length - 1)
    const time = place < 0 ? 0 : history.timeOf(place)
    const spoken = speaks ? session.sentenceAt(place) : this.view.spoken
    const cursor = { index: place, time, isDragged: false }
    this.store.set({ cursor, window: showing(window, time, lastTime), spoken })
  }

  /** To a time between events, as a drag does. */
  moveToTime(time: number, isDragged = false): void {
    const { session } = this.view
    if (session === null) return
    const inside = Math.min(Math.max(time, 0), session.knownTime)
    this.store.set({ cursor: { index: session.history.indexAt(inside), time: inside, isDragged } })
  }

  /** So many events of the list on, or back. */
  step(count: number): void {
    const { places, cursor } = this.view
    if (places.length === 0) return
    const at = lastAtMost(places, cursor.index)
    const isOn = places[at] === cursor.index
    // From between two listed events, a step back leads to the one before.
    const next = count < 0 && !isOn ? at + count + 1 : at + count
    this.moveTo(places[Math.min(Math.max(next, 0), places.length - 1)] ?? 0)
  }

  /** To where a lane changes next, or changed before. */
  stepInLane(key: string, forward: boolean): void {
    const { session, cursor } = this.view
    const lane = session?.lanes.find((one) => one.key === key)
    if (session == null || lane === undefined) return
    const { history } = session
    const edges = lane.pieces
      .flatMap(({ fromPosition, toPosition }) => [fromPosition, toPosition ?? fromPosition])
      .map((position) => history.indexOfPosition(position))
      .sort((a, b) => a - b)
    const next = forward
      ? edges.find((index) => index > cursor.index)
      : edges.findLast((index) => index < cursor.index)
    if (next !== undefined) this.moveTo(next)
  }

  /** To a finding, with the window around it. */
  show(finding: Finding): void {
    const { session } = this.view
    if (session === null) return
    const { history, lastTime } = session
    const from = history.since(finding.fromNs)
    const to = finding.toNs === null ? from : history.since(finding.toNs)
    this.store.set({ window: around(from, Math.min(to, lastTime), lastTime) })
    this.moveTo(finding.position === null ? history.indexAt(from) : history.indexOfPosition(finding.position))
  }

  /** To the finding that begins next, or began before. */
  showNext(forward: boolean): void {
    const { session, cursor } = this.view
    if (session === null) return
    const { history, findings } = session
    const place = ({ fromNs, position }: Finding) =>
      position === null ? history.indexAt(history.since(fromNs)) : history.indexOfPosition(position)
    const next = forward
      ? findings.find((one) => place(one) > cursor.index)
      : findings.findLast((one) => place(one) < cursor.index)
    if (next !== undefined) this.show(next)
  }

  zoom(factor: number, time = this.view.cursor.time): void {
    const { session, window } = this.view
    if (session === null) return
    const middle = time >= window.from && time <= window.to ? time : (window.from + window.to) / 2
    this.store.set({ window: zoomed(window, middle, factor, session.lastTime) })
  }

  pan(part: number): void {
    const { session, window } = this.view
    if (session !== null) this.store.set({ window: panned(window, part, session.lastTime) })
  }

  showWhole(): void {
    const { session } = this.view
    if (session !== null) this.store.set({ window: session.fitting })
  }

  showWindow(window: Window): void {
    this.store.set({ window })
  }

  /** Sets a marker at the cursor's event, or takes it away from there. */
  mark(name: MarkerName): void {
    const { session, cursor, markers } = this.view
    const index = markers[name] === cursor.index || cursor.index < 0 ? null : cursor.index
    this.store.set({
      markers: { ...markers, [name]: index },
      spoken: index === null ? `Marker ${name} is gone` : `Marker ${name} is at ${session?.sentenceAt(index)}`
    })
  }

  choose(filter: Partial<EventFilter>): void {
    const { session } = this.view
    const all = { ...this.view.filter, ...filter }
    const places = session === null ? [] : passing(session.history, all)
    this.#listed = session?.history.length ?? 0
    this.store.set({ filter: all, places, spoken: `${places.length} events in the list` })
  }

  /** The part of the URL that shows a colleague the same. */
  link(): string {
    return linkTo(this.view)
  }

  /** Shows what the part of a URL behind `#` says. */
  open(hash: string): void {
    const link = decodeLink(hash)
    this.choose(link.filter)
    this.store.set({ allFunctions: link.allFunctions })
    const { compare, stateOf } = comparedBy(link)
    this.compareWith(compare?.policy ?? null)
    this.store.set({ stateOf })
    this.#showLink(link)
  }

  #showLink({ at, from, to, markers }: Link): void {
    const { session } = this.view
    if (session === null) return
    const { history } = session
    const index = (position: number | null) => (position === null ? null : history.indexOfPosition(position))
    if (session.complete) {
      this.store.set({ markers: { a: index(markers.a), b: index(markers.b) } })
      if (at?.startsWith('@') === true) this.moveTo(history.indexOfPosition(Number(at.slice(1))))
      else if (at !== null) this.moveToTime(history.since(BigInt(at.slice(1))))
    }
    if (from === null || to === null || BigInt(from) >= BigInt(to)) return
    this.store.set({ window: { from: history.since(from), to: history.since(to) } })
  }
}
