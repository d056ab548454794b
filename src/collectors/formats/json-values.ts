import type { LineReader, Reading } from '../observation.ts'
import { HeldLines, lineReading, longestLine, tooLong } from './held-lines.ts'
import { type Attempt, endOfString, parseJson } from './json-lines.ts'

/** No listing is longer; what is, has lost its closing bracket. In UTF-16 units. */
const longestValue = 2 * longestLine

/** What a format makes of the JSON values in its source, and of the lines around them. */
export interface ValueSink {
  /** A line outside of any value: blank, a header, foreign. */
  outside(raw: string, line: number, latin1: boolean | undefined): Reading[]
  /** The lines of one object or array, with its value, or with the reason why they hold none. */
  value(held: HeldLines, parsed: Attempt<unknown>): Reading[]
  /** True for a line that no value contains: one that was still open was cut before it. */
  breaks?(raw: string): boolean
  /** The source ended, and `value` was told of what was open. */
  end(): Reading[]
}

/**
 * Reads JSON objects and arrays that may each span many lines (`bpftool -jp`, a manifest written by hand).
 */
export class JsonValues implements LineReader {
  readonly #sink: ValueSink
  #held = new HeldLines()
  #depth = 0

  constructor(sink: ValueSink) {
    this.#sink = sink
  }

  push(raw: string, line: number, latin1?: boolean): Reading[] {
    if (raw.length > longestLine) return [...this.#cutHere(), lineReading(raw, line, latin1, tooLong)]
    const open = this.#held.count > 0
    const broken = open && this.#sink.breaks?.(raw) === true
    const before = broken ? this.#cutHere() : []
    if ((!open || broken) && !/^\s*[{[]/.test(raw))
      return [...before, ...this.#sink.outside(raw, line, latin1)]
    this.#held.add(raw, line, latin1)
    const { depth, openString } = nestingOf(raw)
    this.#depth += depth
    // A value that was to be one line will not go on; in one of many lines the damage may be local.
    if (openString && this.#held.count === 1) {
      return [...before, ...this.#giveUp('the line is cut inside a string')]
    }
    if (this.#held.chars > longestValue) return [...before, ...this.#giveUp('the value never ends')]
    return this.#depth > 0 ? before : [...before, ...this.#take()]
  }

  end(): Reading[] {
    return [...this.#cutHere(), ...this.#sink.end()]
  }

  #cutHere(): Reading[] {
    return this.#held.count > 0 ? this.#giveUp('the value is cut: what follows is not its end') : []
  }

  #take(): Reading[] {
    const parsed = parseJson(this.#held.text)
    if (!parsed.ok) return this.#giveUp(parsed.reason)
    const held = this.#release()
    return this.#sink.value(held, parsed)
  }

  /** The held lines are no value. One of them may be a whole value all the same, behind one that was cut. */
  #giveUp(reason: string): Reading[] {
    const held = this.#release()
    const readings: Reading[] = []
    let lost = 0
    for (let at = 1; at < held.count; at++) {
      const line = held.slice(at, at + 1)
      const parsed = /^[{[]/.test(line.text) ? parseJson(line.text) : null
      if (!parsed?.ok) continue
      if (at > lost) readings.push(...this.#sink.value(held.slice(lost, at), { ok: false, reason }))
      readings.push(...this.#sink.value(line, parsed))
      lost = at + 1
    }
    if (lost < held.count) {
      readings.push(...this.#sink.value(held.slice(lost, held.count), { ok: false, reason }))
    }
    return readings
  }

  #release(): HeldLines {
    const held = this.#held
    this.#held = new HeldLines()
    this.#depth = 0
    return held
  }
}

/** How much deeper a line ends than it begins, and whether it ends inside a string, which JSON never does. */
function nestingOf(line: string): { depth: number; openString: boolean } {
  let depth = 0
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at)
    if (char === '"') {
      const end = endOfString(line, at)
      if (end === null) return { depth, openString: true }
      at = end - 1
    } else if (char === '{' || char === '[') {
      depth++
    } else if (char === '}' || char === ']') {
      depth--
    }
  }
  return { depth, openString: false }
}

/** One `"key": value` of an object, in place. */
export interface JsonMember {
  /** As far as it can be read, '' where not even that. */
  readonly key: string
  readonly value: Attempt<unknown>
  /** Its first and last line in the object's text, from 0. */
  readonly from: number
  readonly to: number
}

/**
 * The members of the object that the text holds, each on its own, so that a damaged one does not take the
 * others along. A key that occurs twice comes twice. Null when the text holds no object.
 */
export function membersOf(text: string): JsonMember[] | null {
  if (!/^\s*\{/.test(text)) return null
  const members: JsonMember[] = []
  const lines = new LineCounter(text)
  let depth = 0
  let start = 0
  const take = (end: number): void => {
    const member = memberOf(text, start, end, lines)
    if (member) members.push(member)
    start = end + 1
  }
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') at = (endOfString(text, at) ?? endOfLine(text, at)) - 1
    else if (char === '{' || char === '[') {
      if (depth++ === 0) start = at + 1
    } else if (char === '}' || char === ']') {
      if (--depth === 0) take(at)
    } else if (char === ',' && depth === 1) take(at)
  }
  take(text.length)
  return members
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function memberOf(text: string, start: number, end: number, lines: LineCounter): JsonMember | null {
  const slice = text.slice(start, end)
  const body = slice.trim()
  if (body === '') return null
  const from = start + slice.indexOf(body)
  const parsed = parseJson(`{${body}}`)
  const entry = parsed.ok ? Object.entries(parsed.value as object)[0] : undefined
  const place = { from: lines.lineOf(from), to: lines.lineOf(from + body.length - 1) }
  if (entry) return { key: entry[0], value: { ok: true, value: entry[1] }, ...place }
  const key = /^"([^"]*)"/.exec(body)?.[1] ?? ''
  return { key, value: { ok: false, reason: parsed.ok ? 'no value' : parsed.reason }, ...place }
}

/** Line numbers of positions that are asked for in rising order. */
class LineCounter {
  readonly #text: string
  #at = 0
  #line = 0

  constructor(text: string) {
    this.#text = text
  }

  lineOf(position: number): number {
    for (; this.#at < position; this.#at++) if (this.#text.charAt(this.#at) === '\n') this.#line++
    return this.#line
  }
}
