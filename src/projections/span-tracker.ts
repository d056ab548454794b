import type { ReadModelRow } from '../events/index.ts'

/** What a span is about; `doubt` is about the evidence itself. */
export type SpanKind = 'patch' | 'function' | 'hook' | 'transition' | 'doubt'

/** A stretch of time during which something about a subject did not change. `to…` null: it still holds. */
export interface Span<Value> {
  readonly kind: SpanKind
  readonly subject: string
  readonly fromPosition: number
  readonly toPosition: number | null
  readonly fromNs: bigint
  readonly toNs: bigint | null
  readonly value: Value
}

interface OpenSpan {
  readonly fromPosition: number
  readonly fromNs: bigint
  readonly identity: string
  value: string
}

/** An open span in a snapshot: kind and subject, position, ns, identity, value. */
export type SavedSpan = readonly [SpanKind, string, number, string, string, string]

/** Opens, changes and closes spans, and remembers which rows have to be written. */
export class SpanTracker {
  readonly #open = new Map<string, OpenSpan>()
  readonly #rows = new Map<string, ReadModelRow>()

  /**
   * The subject's value is this from now on. A new `identity` begins a new span; with the same one a changed
   * value belongs to the span as a whole.
   */
  set(kind: SpanKind, subject: string, at: Place, value: string, identity = value): void {
    const key = `${kind} ${subject}`
    const open = this.#open.get(key)
    if (open !== undefined && open.identity === identity) {
      if (open.value === value) return
      open.value = value
      this.#write(kind, subject, open, null)
      return
    }
    if (open !== undefined) this.#write(kind, subject, open, at)
    const next = { fromPosition: at.position, fromNs: at.uptimeNs, identity, value }
    this.#open.set(key, next)
    this.#write(kind, subject, next, null)
  }

  /** The subject is gone: its span, if one is open, ends here. */
  end(kind: SpanKind, subject: string, at: Place): void {
    const key = `${kind} ${subject}`
    const open = this.#open.get(key)
    if (open === undefined) return
    this.#open.delete(key)
    this.#write(kind, subject, open, at)
  }

  /** What a subject's open span says. */
  valueOf(kind: SpanKind, subject: string): string | undefined {
    return this.#open.get(`${kind} ${subject}`)?.value
  }

  /** The subjects of a kind that have an open span. */
  subjects(kind: SpanKind): string[] {
    return [...this.#open.keys()]
      .filter((key) => key.startsWith(`${kind} `))
      .map((key) => key.slice(kind.length + 1))
  }

  /** Rows that changed since the last drain, the last word on each. */
  drain(): ReadModelRow[] {
    const rows = [...this.#rows.values()]
    this.#rows.clear()
    return rows
  }

  save(): SavedSpan[] {
    return [...this.#open].map(([key, open]): SavedSpan => {
      const space = key.indexOf(' ')
      const kind = key.slice(0, space) as SpanKind
      return [kind, key.slice(space + 1), open.fromPosition, String(open.fromNs), open.identity, open.value]
    })
  }

  restore(saved: readonly SavedSpan[]): void {
    for (const [kind, subject, fromPosition, fromNs, identity, value] of saved) {
      this.#open.set(`${kind} ${subject}`, { fromPosition, fromNs: BigInt(fromNs), identity, value })
    }
  }

  #write(kind: SpanKind, subject: string, span: OpenSpan, end: Place | null): void {
    // A subject that changes twice at one event has one span there: the later word replaces the earlier row.
    this.#rows.set(`${kind} ${subject} ${span.fromPosition}`, {
      kind,
      subject,
      from_position: span.fromPosition,
      to_position: end?.position ?? null,
      from_ns: span.fromNs,
      to_ns: end?.uptimeNs ?? null,
      value: span.value
    })
  }
}

interface Place {
  readonly position: number
  readonly uptimeNs: bigint
}
