import type { EvidenceFormat, LineReader, Reading } from '../observation.ts'
import { isProbeLine, PrintedLines, printedLine } from './bpftrace-printf.ts'
import { HeldLines, lineReading, rejected, unrelated } from './held-lines.ts'
import { HeldLosses } from './held-losses.ts'
import { type Attempt, baseName, shareOf } from './json-lines.ts'
import { JsonValues, type ValueSink } from './json-values.ts'

/**
 * The output of bpftrace with a script that prints `<nsecs> <kernel function>[_ret] name=value …` a line,
 * as text or as `-f json`. bpftrace itself adds no time and no task: they are known only where the script
 * printed them.
 */
export const bpftrace: EvidenceFormat = {
  name: 'bpftrace',
  description: 'bpftrace -f json, or its text, of a script that prints time, function and arguments (klp.bt)',
  recognise(head, fileName) {
    const share = shareOf(
      head,
      (line) => recordStart.test(line) || (isProbeLine(line) && /\w=| (?:__)?klp_/.test(line))
    )
    const named = /bpftrace/i.test(baseName(fileName)) ? 0.09 : 0
    return share * 0.9 + named
  },
  open: () => bpftraceReader()
}

const recordStart =
  /^\{ ?"type": ?"(?:attached_probes|printf|map|hist|stats|tseries|value|time|cat|join|syscall|lost_events)"/

function bpftraceReader(): LineReader {
  return new JsonValues(new BpftraceRecords())
}

class BpftraceRecords implements ValueSink {
  readonly #printed = new PrintedLines()
  readonly #losses = new HeldLosses('monotonic')
  #lastNs: bigint | null = null
  #json = false

  /** A record begins where a line begins, and its other lines do not, but for the bracket that closes it. */
  breaks(raw: string): boolean {
    return /^[^\s}\]]/.test(raw)
  }

  outside(raw: string, line: number, latin1: boolean | undefined): Reading[] {
    if (raw.trim() === '') return [lineReading(raw, line, latin1, unrelated)]
    if (this.#json || /"\}\s*$/.test(raw)) {
      const expected = rejected('expected a JSON record of bpftrace: the line is cut or not its own')
      return [lineReading(raw, line, latin1, expected)]
    }
    const lost = /^Lost (\d{1,15}) events\s*$/.exec(raw)
    if (lost === null) return this.#timed([lineReading(raw, line, latin1, printedLine(raw))])
    const held = new HeldLines()
    held.add(raw, line, latin1)
    return this.#lost(held, Number(lost[1]))
  }

  value(held: HeldLines, parsed: Attempt<unknown>): Reading[] {
    if (!parsed.ok) {
      // A histogram printed as text begins with a bracket too.
      const text = !this.#json && held.text.startsWith('[')
      return [held.reading(text ? unrelated : rejected(parsed.reason))]
    }
    const record = recordIn(parsed.value)
    if (record === null)
      return [held.reading(rejected("expected a record of bpftrace: an object with 'type'"))]
    this.#json = true
    if (record.type === 'lost_events') return this.#lost(held, countIn(record))
    // The first record of a run: behind others it is the next run's.
    if (record.type === 'attached_probes' && this.#lastNs !== null)
      return this.#lost(held, null, 'bpftrace was started again')
    if (record.type !== 'printf') return [held.reading(unrelated)]
    if (typeof record.data === 'string') return this.#timed(this.#printed.print(held, record.data))
    return [held.reading(rejected("expected the text that was printed in the record's 'data'"))]
  }

  end(): Reading[] {
    return [...this.#timed(this.#printed.flush()), ...this.#losses.end(this.#lastNs)]
  }

  /** What was printed before and after a loss is not one line, even if the first part has no line end. */
  #lost(
    held: HeldLines,
    count: number | null,
    reason = "bpftrace's buffer to user space was full"
  ): Reading[] {
    const before = this.#timed(this.#printed.flush())
    this.#losses.hold(held, count, reason, this.#lastNs)
    return before
  }

  /** Puts the losses that wait for a time before the first reading that has one. */
  #timed(readings: Reading[]): Reading[] {
    return readings.flatMap((reading) => {
      if (reading.outcome !== 'observed') return [reading]
      this.#lastNs = reading.timeNs
      return [...this.#losses.release(reading.timeNs), reading]
    })
  }
}

interface BpftraceRecord {
  readonly type: string
  readonly data?: unknown
  readonly count?: unknown
}

function recordIn(value: unknown): BpftraceRecord | null {
  if (value === null || typeof value !== 'object' || !('type' in value)) return null
  const { type } = value
  return typeof type === 'string' ? { ...value, type } : null
}

/** `{"type":"lost_events","count":3}`, and `"data": {"events": 3}` before bpftrace 0.24; null for neither. */
function countIn({ count, data }: BpftraceRecord): number | null {
  const nested = data !== null && typeof data === 'object' && 'events' in data ? data.events : undefined
  const lost = Number(count ?? nested ?? Number.NaN)
  return Number.isSafeInteger(lost) && lost >= 0 ? lost : null
}
