import type { EvidenceFormat, LineReader, Reading } from '../observation.ts'
import { secondsNs } from './clock-text.ts'
import { ftraceEvent } from './ftrace-event.ts'
import { type FtraceHeader, ftraceHeader } from './ftrace-header.ts'
import { HeldLines, lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { HeldLosses } from './held-losses.ts'
import { baseName, shareOf } from './json-lines.ts'

/** The kernel prints a record into one page or two; what is longer is none. In UTF-16 units. */
const longestRecord = 64 * 1024

/** A string that a kprobe fetched may hold line feeds, but few. */
const mostLines = 16

/**
 * ftrace's `trace` file and `trace-cmd report`: kprobes and kretprobes (by the kernel function that they are
 * on), module:*, the module syscalls, printk:console and trace_marker. Times are of the mono trace clock.
 */
export const ftrace: EvidenceFormat = {
  name: 'ftrace',
  description: "ftrace's trace file or the output of trace-cmd report, recorded with trace_clock mono",
  recognise(head, fileName) {
    if (head.some((line) => /^# tracer: |^cpus=\d+$/.test(line))) return 0.98
    const share = shareOf(head, (line) => line.length <= longestRecord && isFtraceLine(line))
    const named = /^trace\b|\.trace$|ftrace|trace-cmd/i.test(baseName(fileName)) ? 0.05 : 0
    return share * 0.9 + named
  },
  open: () => new FtraceReader()
}

const cut = rejected('the record is cut: a quoted value does not end')

class FtraceReader implements LineReader {
  readonly #losses = new HeldLosses('monotonic')
  /** A record whose last value has not ended. */
  #held: { readonly lines: HeldLines; readonly header: FtraceHeader } | null = null
  #last: FtraceHeader | null = null

  push(raw: string, line: number, latin1?: boolean): Reading[] {
    const held = this.#held
    if (held === null) return this.#line(raw, line, latin1)
    if (held.lines.count < mostLines && held.lines.chars + raw.length < longestRecord && !isFtraceLine(raw)) {
      held.lines.add(raw, line, latin1)
      const outcome = ftraceEvent(held.lines.text, held.header)
      return outcome === null ? [] : this.#finish(outcome)
    }
    return [...this.#finish(cut), ...this.#line(raw, line, latin1)]
  }

  end(): Reading[] {
    return [...this.#finish(cut), ...this.#losses.end(this.#last === null ? null : timeOf(this.#last))]
  }

  #line(raw: string, line: number, latin1?: boolean): Reading[] {
    if (raw.length > longestRecord) {
      return [lineReading(raw, line, latin1, rejected(`expected a record, found ${raw.length} characters`))]
    }
    const header = ftraceHeader(raw)
    if (header === null) return this.#note(raw, line, latin1)
    this.#last = header
    const before = this.#losses.waiting ? this.#losses.release(timeOf(header)) : []
    const outcome = ftraceEvent(raw, header)
    if (outcome === null) {
      this.#held = { lines: new HeldLines(), header }
      this.#held.lines.add(raw, line, latin1)
      return before
    }
    const reading = lineReading(raw, line, latin1, outcome)
    return before.length === 0 ? [reading] : [...before, reading]
  }

  #finish(outcome: Outcome): Reading[] {
    const held = this.#held
    this.#held = null
    return held === null ? [] : [held.lines.reading(outcome)]
  }

  /** A line that is no record: a header, a note of lost events, or nothing that ftrace prints. */
  #note(raw: string, line: number, latin1?: boolean): Reading[] {
    const loss = lossNote(raw)
    if (loss === null) return [lineReading(raw, line, latin1, noteOutcome(raw))]
    const lines = new HeldLines()
    lines.add(raw, line, latin1)
    this.#losses.hold(lines, loss.count, loss.reason)
    return []
  }
}

function timeOf({ seconds, fraction }: FtraceHeader): bigint {
  return secondsNs(seconds, fraction)
}

const cpuLossPattern = /^CPU:? ?(\d{1,6}) \[(?:LOST )?(?:(\d{1,15}) )?EVENTS?(?: DROPPED)?\]\s*$/
const entriesPattern = /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})\b/

/** `CPU:2 [LOST 123 EVENTS]`, trace-cmd's `CPU:2 [123 EVENTS DROPPED]`, or the header of a full buffer. */
function lossNote(raw: string): { count: number | null; reason: string } | null {
  const lost = cpuLossPattern.exec(raw)
  if (lost !== null) {
    const count = lost[2] === undefined ? null : Number(lost[2])
    return { count, reason: `CPU ${lost[1]}'s ring buffer overran` }
  }
  const entries = entriesPattern.exec(raw)
  const count = entries === null ? 0 : Number(entries[2]) - Number(entries[1])
  return count > 0 ? { count, reason: 'the ring buffer overwrote its oldest records' } : null
}

/** Headers, what `trace-cmd report` says about its file, and the lines of a stack behind a record. */
const knownNote = /^(?:\s*$|#|cpus=\d+$|version = \d+$|CPU \d+ is empty$|\s*=> )/

function noteOutcome(raw: string): Outcome {
  if (knownNote.test(raw)) return unrelated
  if (/^\s*.{0,15}-\d+ .*\d+us[!+#*@$]?\s*:/.test(raw.slice(0, 80))) {
    return rejected('times are relative to the trace: switch the latency-format option off')
  }
  return rejected("expected 'TASK-PID [CPU] FLAGS SECONDS.MICROSECONDS: EVENT: …' or a '#' comment")
}

function isFtraceLine(raw: string): boolean {
  return raw.startsWith('#') || cpuLossPattern.test(raw) || ftraceHeader(raw) !== null
}
