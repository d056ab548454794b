import type { ReadModelSource, StreamInfo } from '../events/index.ts'
import { type Gap, gapsOf } from './gaps.ts'
import { readSpans } from './span-reader.ts'
import type { Span, SpanKind } from './span-tracker.ts'
import type { DoubtSpan, FunctionSpan, HookSpan, PatchSpan, TransitionSpan } from './spans.ts'
import { stateAt } from './time-travel.ts'

/**
 * All that a timeline of one stream draws, but for its events: an invariant's violations come from whoever
 * checked. Times are ns since boot as decimal text, so that JSON loses nothing.
 */
export interface TimelineHead {
  readonly format: 'klplog-timeline'
  readonly version: 1
  readonly stream: string
  readonly policy: string | null
  readonly release: string | null
  /** How many events follow. */
  readonly events: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly fromNs: string
  readonly toNs: string
  /** Wall time of the boot, ns since the epoch; null where the evidence has no wall clock. */
  readonly bootNs: string | null
  readonly patches: readonly TimelineSpan<PatchSpan>[]
  readonly functions: readonly TimelineSpan<FunctionSpan>[]
  readonly hooks: readonly TimelineSpan<HookSpan>[]
  readonly transitions: readonly TimelineSpan<TransitionSpan>[]
  /** From lost evidence to the snapshot that confirms the state. */
  readonly doubts: readonly TimelineSpan<DoubtSpan>[]
  readonly gaps: readonly TimelineGap[]
  readonly violations: readonly TimelineViolation[]
}

/** A `Span` in JSON. `to…` null: it still holds. */
export interface TimelineSpan<Value> {
  readonly subject: string
  readonly fromPosition: number
  readonly toPosition: number | null
  readonly fromNs: string
  readonly toNs: string | null
  readonly value: Value
}

/** A `Gap` over all tasks in JSON. */
export interface TimelineGap {
  readonly program: string
  readonly function: string | null
  readonly fromNs: string
  readonly toNs: string | null
  readonly reason: string
  readonly takenOver: { readonly program: string; readonly atNs: string } | null
  readonly unsure: string | null
}

/** An invariant that was broken, as a check found it. */
export interface TimelineViolation {
  readonly invariant: string
  readonly subject: string
  readonly text: string
  readonly position: number
  readonly fromNs: string
  readonly toNs: string | null
  readonly toPosition: number | null
  /** Whether it is about a state, which lasts, and not about a single step. */
  readonly lasting: boolean
  /** Whether the policy promises the invariant; else it is a hazard. */
  readonly promised: boolean
  readonly unsure: string | null
}

/** The head of a stream's timeline, from its read models. */
export async function timelineHead(
  log: ReadModelSource,
  info: StreamInfo,
  violations: readonly TimelineViolation[]
): Promise<TimelineHead> {
  const { stream, firstPosition, lastPosition, firstNs, lastNs, lastWallNs } = info
  const state = await stateAt(log, stream, lastPosition)
  const gaps = await gapsOf(log, stream, null)
  return {
    format: 'klplog-timeline',
    version: 1,
    stream,
    policy: state.policy,
    release: state.release,
    events: info.revision,
    firstPosition,
    lastPosition,
    fromNs: String(firstNs),
    // The last event may be one that came late.
    toNs: String(state.uptimeNs > lastNs ? state.uptimeNs : lastNs),
    bootNs: lastWallNs === null ? null : String(lastWallNs - lastNs),
    patches: await spansOf(log, stream, 'patch'),
    functions: await spansOf(log, stream, 'function'),
    hooks: await spansOf(log, stream, 'hook'),
    transitions: await spansOf(log, stream, 'transition'),
    doubts: await spansOf(log, stream, 'doubt'),
    gaps: gaps.map(gapInJson),
    violations
  }
}

async function spansOf<K extends SpanKind>(log: ReadModelSource, stream: string, kind: K) {
  const spans = await readSpans(log, stream, kind)
  return spans.map(spanInJson)
}

function spanInJson<Value>({ subject, fromPosition, toPosition, fromNs, toNs, value }: Span<Value>) {
  return { subject, fromPosition, toPosition, fromNs: String(fromNs), toNs: text(toNs), value }
}

function gapInJson({ program, function: name, fromNs, toNs, reason, takenOver, unsure }: Gap): TimelineGap {
  return {
    program,
    function: name,
    fromNs: String(fromNs),
    toNs: text(toNs),
    reason,
    takenOver: takenOver === null ? null : { program: takenOver.program, atNs: String(takenOver.atNs) },
    unsure
  }
}

function text(ns: bigint | null): string | null {
  return ns === null ? null : String(ns)
}
