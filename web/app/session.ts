import {
  eventSentence,
  type TimelineEvent,
  type TimelineHead,
  type TimelineViolation
} from '../../src/projections/index.ts'
import { type Finding, findingsOf } from '../history/findings.ts'
import { History } from '../history/history.ts'
import { changesAt, type Lane } from '../history/lane.ts'
import { hookedFunctions, lanesOf, versionNumbers } from '../history/lanes.ts'
import { type SwitchCurve, switchCurves } from '../history/switch-curves.ts'
import { uptimeText } from '../history/times.ts'
import { fittingWindow, type Window } from '../timeline/scale.ts'

/** More function lanes than this are not shown unless asked for, but for those of hooks. */
const functionLanesMax = 12

/** One stream as the page has it: what it says at once, and the events as far as they have come. */
export class Session {
  readonly history: History
  head: TimelineHead
  lanes: readonly Lane[] = []
  findings: readonly Finding[] = []
  curves: readonly SwitchCurve[] = []
  versions: Map<string, number>
  complete = false

  /** Two that are compared count their times from the same moment, and give a patch the same colour. */
  constructor(head: TimelineHead, first: Session | null = null) {
    this.history = new History(first?.history.baseNs ?? BigInt(head.fromNs))
    this.versions = first?.versions ?? new Map<string, number>()
    this.head = head
    this.#read(head)
  }

  get lastTime(): number {
    return Math.max(this.history.since(this.head.toNs), this.history.timeOf(this.history.length - 1))
  }

  /** From where the first lane begins, which may be long after the boot, to the end. */
  get fitting(): Window {
    const first = Math.min(...this.lanes.map(({ pieces }) => pieces[0]?.from ?? this.lastTime), this.lastTime)
    return fittingWindow(first, this.lastTime)
  }

  /** Takes so many of them that the history has no more than `eventsMax`. */
  append(events: readonly TimelineEvent[], eventsMax: number): void {
    this.history.append(events.slice(0, Math.max(0, eventsMax - this.history.length)))
  }

  /** What a history that is too long for a tab does not show, for people; null where all is there. */
  get notice(): string | null {
    const { history, head } = this
    if (history.length >= head.events) return null
    const [shown, all] = [history.length, head.events].map((count) => count.toLocaleString('en'))
    const end = uptimeText(history.uptimeNs(history.timeOf(history.length - 1)))
    return `This history has ${all} events, more than a page can hold. Lanes and findings are whole; events, search and the state at the cursor end after the first ${shown}, at ${end}. For what comes behind, ask klplog log and klplog stack --at.`
  }

  /** Up to where the state is known: the end, or the last event that the page has taken. */
  get knownTime(): number {
    const { length } = this.history
    return this.complete && length < this.head.events ? this.history.timeOf(length - 1) : this.lastTime
  }

  /** All events of the head have come. */
  finish(): void {
    this.complete = true
    this.curves = switchCurves(this.head, this.history)
  }

  /** What a check found. */
  mark(violations: readonly TimelineViolation[]): void {
    this.renew({ ...this.head, violations })
  }

  /** The log went on: what its lanes say now. */
  renew(head: TimelineHead): void {
    this.head = head
    this.#read(head)
    if (this.complete) this.curves = switchCurves(head, this.history)
  }

  /** The lanes that are shown; `all` null: all functions where they are few. */
  shownLanes(all: boolean | null): readonly Lane[] {
    const functions = this.lanes.filter(({ kind }) => kind === 'function')
    if (all ?? functions.length <= functionLanesMax) return this.lanes
    const hooked = hookedFunctions(this.head)
    return this.lanes.filter(({ kind, key }) => kind !== 'function' || hooked.has(key))
  }

  /** An event as a screen reader tells it: what it says, and which lanes it changes. */
  sentenceAt(index: number): string {
    const event = this.history.events[index]
    if (event === undefined) return 'before the first event'
    const changed = this.lanes.filter((lane) => changesAt(lane, event.position))
    const effect = changed.length === 0 ? '' : `. Changed: ${changed.map(({ label }) => label).join(', ')}`
    return `@${event.position}, ${uptimeText(event.uptimeNs)}: ${eventSentence(event)}${effect}`
  }

  #read(head: TimelineHead): void {
    this.versions = versionNumbers(head, this.versions)
    this.lanes = lanesOf(head, this.history.baseNs, this.versions)
    this.findings = findingsOf(head)
  }
}
