import {
  functionText,
  hookPlace,
  ORIGINAL,
  splitFunction,
  type TimelineHead,
  type TimelineSpan
} from '../../src/projections/index.ts'
import { type Lane, laneOf, type Piece, type Tone } from './lane.ts'

type Since = (ns: string) => number
type SpanOf<K extends 'patches' | 'functions' | 'hooks'> = TimelineHead[K][number]

/** The lanes of a timeline: patches as they came, functions with hooks first, hooks as they came. */
export function lanesOf(
  head: TimelineHead,
  baseNs = BigInt(head.fromNs),
  versions = versionNumbers(head)
): Lane[] {
  const since: Since = (ns) => Number(BigInt(ns) - baseNs)
  const hooked = hookedFunctions(head)
  const functions = [...bySubject(head.functions)].map(([key, spans]) =>
    functionLane(key, spans, head, versions, since)
  )
  return [
    ...[...bySubject(head.patches)].map(([name, spans]) => patchLane(name, spans, versions, since)),
    ...functions.filter(({ key }) => hooked.has(key)),
    ...functions.filter(({ key }) => !hooked.has(key)),
    ...[...bySubject(head.hooks)].map(([key, spans]) => hookLane(key, spans, head, since))
  ]
}

/** Keys of the lanes of functions that some hook is there for. */
export function hookedFunctions({ hooks }: TimelineHead): Set<string> {
  return new Set(hooks.flatMap(({ value }) => value.functions.map((key) => `function ${key}`)))
}

/** Each patch's place in the order in which patches came: its colour. Those that are known keep theirs. */
export function versionNumbers(
  { patches }: TimelineHead,
  known: ReadonlyMap<string, number> = new Map()
): Map<string, number> {
  const numbers = new Map(known)
  for (const { subject } of patches) if (!numbers.has(subject)) numbers.set(subject, numbers.size)
  return numbers
}

function bySubject<Value>(spans: readonly TimelineSpan<Value>[]): Map<string, TimelineSpan<Value>[]> {
  const groups = new Map<string, TimelineSpan<Value>[]>()
  for (const span of spans) {
    const group = groups.get(span.subject)
    if (group === undefined) groups.set(span.subject, [span])
    else group.push(span)
  }
  return groups
}

function patchLane(
  name: string,
  spans: readonly SpanOf<'patches'>[],
  versions: Map<string, number>,
  since: Since
): Lane {
  const version = versions.get(name) ?? 0
  const pieces = spans.map((span) => {
    const { enabled, goal, replacedBy, forced, unsure } = span.value
    const moving = goal === null ? null : goal === 'patched' ? 'enabling' : 'disabling'
    const state =
      moving ??
      (replacedBy !== null
        ? `replaced by ${replacedBy}, not yet freed`
        : enabled
          ? 'enabled'
          : 'disabled, not yet freed')
    const kind = moving !== null ? 'waiting' : enabled && replacedBy === null ? 'version' : 'leaving'
    return pieceOf(span, since, `${state}${forced ? ', pinned by a force' : ''}`, { kind, version }, unsure)
  })
  return laneOf({ kind: 'patch', key: `patch ${name}`, label: name, place: 'patch', gaps: [] }, pieces)
}

function functionLane(
  key: string,
  spans: readonly SpanOf<'functions'>[],
  head: TimelineHead,
  versions: Map<string, number>,
  since: Since
): Lane {
  const pieces: Piece[] = []
  for (const span of spans) {
    const { stack, switched, unswitched, goal, unsure } = span.value
    const nop = stack[0]?.nop === true ? (stack[0]?.patch ?? null) : null
    const whole = (view: typeof switched, hidden: string | null) =>
      pieceOf(span, since, viewText(view, hidden), toneOf(view.version, hidden, versions), unsure)
    if (goal === null || JSON.stringify(switched) === JSON.stringify(unswitched)) {
      pieces.push(whole(switched, nop))
      continue
    }
    // The top entry counts for the tasks at its side of the transition only.
    const hides = goal === 'patched' ? [null, nop] : [nop, null]
    const upper = whole(unswitched, hides[0] ?? null)
    const lower = whole(switched, hides[1] ?? null)
    pieces.push({ ...upper, text: `unswitched: ${upper.text}`, half: 'upper' })
    const from = firstSwitch(span, head, since)
    if (from < lower.to) {
      pieces.push({
        ...lower,
        from: Math.max(from, lower.from),
        text: `switched: ${lower.text}`,
        half: 'lower'
      })
    }
  }
  const { object, name } = splitFunction(key)
  return laneOf({ kind: 'function', key: `function ${key}`, label: name, place: object, gaps: [] }, pieces)
}

/** Since when any task was at the goal of the transition that a function's span lies in. */
function firstSwitch({ fromPosition }: SpanOf<'functions'>, head: TimelineHead, since: Since): number {
  let [low, high] = [0, head.transitions.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((head.transitions[middle]?.fromPosition ?? 0) <= fromPosition) low = middle + 1
    else high = middle
  }
  const phase = head.transitions[low - 1]
  const first = phase?.value.firstSwitchNs
  return first == null ? Number.POSITIVE_INFINITY : since(first)
}

function viewText(
  { version, hook }: { readonly version: string; readonly hook: string | null },
  nop: string | null
): string {
  const runs = version === ORIGINAL && nop !== null ? `original, nop of ${nop}` : version
  return hook === null ? runs : `${runs} + hook ${hook}`
}

function toneOf(version: string, nop: string | null, versions: Map<string, number>): Tone {
  if (version === ORIGINAL) return { kind: nop === null ? 'original' : 'nop' }
  return { kind: 'version', version: versions.get(version) ?? 0 }
}

const reachTexts = {
  all: 'reached by all tasks',
  none: 'reached by no task',
  switched: 'reached by switched tasks only',
  unswitched: 'reached by unswitched tasks only'
} as const

const reachTones = { all: 'reached', none: 'missed', switched: 'partly', unswitched: 'partly' } as const

function hookLane(key: string, spans: readonly SpanOf<'hooks'>[], head: TimelineHead, since: Since): Lane {
  const first = spans[0]?.value
  const pieces = spans.map((span) => {
    const { status, reach, unsure } = span.value
    const text = status === 'active' ? 'active' : `${status}, ${reachTexts[reach]}`
    return pieceOf(span, since, text, { kind: reachTones[reach] }, unsure)
  })
  const gaps = head.gaps
    .filter((gap) => gap.program === first?.program && gap.function === first.function)
    .map(({ fromNs, toNs }) => ({ from: since(fromNs), to: toNs === null ? Infinity : since(toNs) }))
  const lane = {
    kind: 'hook',
    key: `hook ${key}`,
    label: first?.program ?? key,
    place: first === undefined ? '' : hookPlace(first),
    gaps
  } as const
  return laneOf(lane, pieces)
}

function pieceOf(
  { fromPosition, toPosition, fromNs, toNs }: TimelineSpan<unknown>,
  since: Since,
  text: string,
  tone: Tone,
  unsure: string | null
): Piece {
  const to = toNs === null ? Number.POSITIVE_INFINITY : since(toNs)
  return { from: since(fromNs), to, fromPosition, toPosition, text, tone, half: 'whole', unsure }
}

/** A lane's whole name for people: `function __x64_sys_getpgrp of vmlinux`. */
export function laneName({ kind, label, place, key }: Lane): string {
  if (kind === 'patch') return `patch ${label}`
  if (kind === 'hook') return `hook ${label} on ${place}`
  return `function ${functionText(key.slice('function '.length))}`
}
