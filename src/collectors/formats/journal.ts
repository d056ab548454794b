import type { EvidenceFormat, Reading } from '../observation.ts'
import { microsecondsNs } from './clock-text.ts'
import { type HeldLines, lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { type Attempt, baseName, shareOf } from './json-lines.ts'
import { JsonValues, type ValueSink } from './json-values.ts'
import { kernelLine, type LogTime } from './kernel-message.ts'

/** journald's export of the kernel log, one JSON object an entry; every value is text, whatever it means. */
export const journal: EvidenceFormat = {
  name: 'journal',
  description: 'journalctl -k -o json (or json-pretty)',
  recognise(head, fileName) {
    const share = shareOf(head, (line) => line.includes('"__REALTIME_TIMESTAMP"'))
    const pretty = head[0]?.trim() === '{' && share > 0 ? 0.9 : 0
    const named = share > 0 && /journal/i.test(baseName(fileName)) ? 0.05 : 0
    return Math.max(share * 0.9, pretty) + named
  },
  open: () => new JsonValues(entries)
}

const entries: ValueSink = {
  outside: (raw, line, latin1): Reading[] => [
    // `-- No entries --`, `-- Boot 3b1f… --`
    lineReading(
      raw,
      line,
      latin1,
      /^(?:\s*|-- .* --)$/.test(raw) ? unrelated : rejected('expected a JSON object')
    )
  ],
  value: (held: HeldLines, parsed: Attempt<unknown>): Reading[] => [
    held.reading(parsed.ok ? entryOutcome(parsed.value) : rejected(parsed.reason))
  ],
  // An entry begins at the line's beginning; json-pretty indents the rest of it.
  breaks: (raw) => /^[^\s}\]]/.test(raw),
  end: () => []
}

type Entry = Readonly<Record<string, unknown>>

function entryOutcome(value: unknown): Outcome {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return rejected("expected a journal entry: an object with '_TRANSPORT' and 'MESSAGE'")
  }
  const entry = value as Entry
  const transport = textOf(entry._TRANSPORT)
  if (transport === 'driver') return missedMessages(entry)
  if (transport !== 'kernel') {
    const journals = '__REALTIME_TIMESTAMP' in entry || transport !== null
    return journals ? unrelated : rejected("expected a journal entry, found an object without '_TRANSPORT'")
  }
  // User space may write to /dev/kmsg, but never under the kernel's facility.
  if ((textOf(entry.SYSLOG_FACILITY) ?? '0') !== '0') return unrelated
  const message = textOf(entry.MESSAGE)
  if (message === null) {
    return rejected("expected the text of MESSAGE: journalctl leaves out long ones, call it with '--all'")
  }
  const time = timeOf(entry)
  if (time === null) return rejected("expected microseconds in '_SOURCE_MONOTONIC_TIMESTAMP'")
  return kernelLine(message, time)
}

/** journald notes in its own log when the kernel overwrote records before journald had read them. */
function missedMessages(entry: Entry): Outcome {
  const missed = /^Missed (\d{1,15}) kernel messages/.exec(textOf(entry.MESSAGE) ?? '')
  const time = missed === null ? null : timeOf(entry)
  if (missed === null || time === null) return unrelated
  const reason = 'journald missed kernel messages'
  return { outcome: 'observed', ...time, observations: [{ kind: 'lost', count: Number(missed[1]), reason }] }
}

/**
 * _SOURCE_MONOTONIC_TIMESTAMP is when the kernel printed the line, in its log's own clock; the other two
 * are when journald read it, at boot many seconds later. The wall time of printing is the wall time of
 * reading less what lies between the two.
 */
function timeOf(entry: Entry): LogTime | null {
  const printedNs = microsecondsOf(entry._SOURCE_MONOTONIC_TIMESTAMP)
  const readNs = microsecondsOf(entry.__MONOTONIC_TIMESTAMP)
  const timeNs = printedNs ?? readNs
  if (timeNs === null) return null
  const realtimeNs = microsecondsOf(entry.__REALTIME_TIMESTAMP)
  const bootId = textOf(entry._BOOT_ID)
  const host = textOf(entry._HOSTNAME)
  return {
    timeNs,
    clock: printedNs === null ? 'monotonic' : 'printk',
    ...(realtimeNs === null ? {} : { wallNs: realtimeNs - ((readNs ?? timeNs) - timeNs) }),
    ...(bootId === null ? {} : { bootId }),
    ...(host === null ? {} : { host })
  }
}

function microsecondsOf(value: unknown): bigint | null {
  const digits = textOf(value)
  return digits !== null && /^\d{1,20}$/.test(digits) ? microsecondsNs(digits) : null
}

/**
 * A field's text; what is not UTF-8 comes as an array of bytes, a field given twice as an array of values.
 */
function textOf(value: unknown): string | null {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : null
  const list: readonly unknown[] = value
  if (list.length > 0 && list.every(isByte)) return bytesText(list)
  const [first] = list
  if (typeof first === 'string') return first
  return Array.isArray(first) && first.every(isByte) ? bytesText(first) : null
}

function isByte(value: unknown): value is number {
  return typeof value === 'number'
}

function bytesText(list: readonly number[]): string {
  const bytes = Buffer.from(list)
  const decoded = bytes.toString('utf8')
  return decoded.includes('\ufffd') ? bytes.toString('latin1') : decoded
}
