import type { EvidenceFormat, LineReader, Reading } from '../observation.ts'
import { secondsNs } from './clock-text.ts'
import { ftraceEvent } from './ftrace-event.ts'
import { FtraceGaps } from './ftrace-gaps.ts'
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
  readonly #gaps = new FtraceGaps()

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

  cut(raw: string, line: number, latin1?: boolean): Reading[] {
    return [...this.#finish(cut), this.#gaps.cut({ raw, line, latin1 })]
  }

  end(): Reading[] {
    return [...this.#finish(cut), ...this.#losses.end(this.#gaps.lastNs), ...this.#gaps.close()]
  }

  #line(raw: string, line: number, latin1?: boolean): Reading[] {
    if (raw.length > longestRecord) {
      return [lineReading(raw, line, latin1, rejected(`expected a record, found ${raw.length} characters`))]
    }
    const header = ftraceHeader(raw)
    if (header === null) return this.#note(raw, line, latin1)
    const timeNs = timeOf(header)
    const before = this.#losses.waiting ? this.#losses.release(timeNs) : []
    this.#gaps.saw(header.cpu, timeNs)
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
    const { lastNs } = this.#gaps
    if (lastNs !== null && raw.startsWith('# tracer: ')) {
      const before = this.#gaps.close()
      return [...before, ...this.#hold(raw, line, latin1, null, 'the collector was started again', lastNs)]
    }
    const entries = entriesPattern.exec(raw)
    if (entries !== null) return this.#entries(raw, line, latin1, Number(entries[1]), Number(entries[2]))
    const lost = cpuLossPattern.exec(raw)
    if (lost === null) return [lineReading(raw, line, latin1, noteOutcome(raw))]
    const [, cpu = '', number] = lost
    const count = number === undefined ? null : Number(number)
    const reason = `CPU ${cpu}'s ring buffer overran`
    return this.#hold(raw, line, latin1, count, reason, this.#gaps.lastOf(cpu))
  }

  /** The header of a buffer tells how many records it held, and how many it had to overwrite. */
  #entries(raw: string, line: number, latin1: boolean | undefined, held: number, written: number): Reading[] {
    this.#gaps.counts({ raw, line, latin1 }, held)
    if (written <= held) return [lineReading(raw, line, latin1, unrelated)]
    const reason = 'the ring buffer overwrote its oldest records'
    return this.#hold(raw, line, latin1, written - held, reason, this.#gaps.lastNs ?? 0n)
  }

  #hold(
    raw: string,
    line: number,
    latin1: boolean | undefined,
    count: number | null,
    reason: string,
    fromNs: bigint
  ): Reading[] {
    const lines = new HeldLines()
    lines.add(raw, line, latin1)
    this.#losses.hold(lines, count, reason, fromNs)
    return []
  }
}

function timeOf({ seconds, fraction }: FtraceHeader): bigint {
  return secondsNs(seconds, fraction)
}

/** `CPU:2 [LOST 123 EVENTS]`, or trace-cmd's `CPU:2 [123 EVENTS DROPPED]`. */
const cpuLossPattern = /^CPU:? ?(\d{1,6}) \[(?:LOST )?(?:(\d{1,15}) )?EVENTS?(?: DROPPED)?\]\s*$/
/** How many records the buffer holds, and how many were ever written into it. */
const entriesPattern = /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})\b/

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
