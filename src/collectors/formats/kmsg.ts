import type { EvidenceFormat, LineReader, Observation, Reading } from '../observation.ts'
import { microsecondsNs } from './clock-text.ts'
import { HeldLines, lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { baseName, shareOf } from './json-lines.ts'
import { kernelLine } from './kernel-message.ts'

/**
 * What `cat /dev/kmsg` prints: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];message`, and behind a record its
 * fields, one a line, each with a space in front. Sequence numbers have no gaps unless the kernel overwrote
 * records.
 */
export const kmsg: EvidenceFormat = {
  name: 'kmsg',
  description: '/dev/kmsg, as cat prints it',
  recognise(head, fileName) {
    const share = shareOf(head, (line) => record.test(line) || line.startsWith(' '))
    if (!head.some((line) => record.test(line))) return 0
    return share * 0.9 + (/kmsg/i.test(baseName(fileName)) ? 0.05 : 0)
  },
  open: () => new KmsgReader()
}

const record = /^(\d{1,4}),(\d{1,20}),(\d{1,20})(?:,[^;]*)?;(.*)$/s

/** A device's records have two fields. */
const mostFields = 64

class KmsgReader implements LineReader {
  #held: { readonly lines: HeldLines; readonly outcome: Outcome } | null = null
  #sequence: bigint | null = null

  push(raw: string, line: number, latin1?: boolean): Reading[] {
    const held = this.#held
    if (held !== null && raw.startsWith(' ') && held.lines.count <= mostFields) {
      held.lines.add(raw, line, latin1)
      return []
    }
    const before = this.end()
    const found = record.exec(raw)
    if (found === null) return [...before, lineReading(raw, line, latin1, notRecord(raw))]
    this.#held = { lines: new HeldLines(), outcome: this.#outcome(found) }
    this.#held.lines.add(raw, line, latin1)
    return before
  }

  end(): Reading[] {
    const held = this.#held
    this.#held = null
    return held === null ? [] : [held.lines.reading(held.outcome)]
  }

  #outcome([, priority = '', sequence = '', microseconds = '', text = '']: RegExpExecArray): Outcome {
    const lost = this.#lostBefore(BigInt(sequence))
    const timeNs = microsecondsNs(microseconds)
    // User space may write here, but never under the kernel's facility, which is 0.
    const message = Number(priority) >> 3 === 0 ? unescaped(text) : ''
    return kernelLine(message, { timeNs, clock: 'printk' }, lost)
  }

  /** A smaller number is the file read twice, or the next boot. */
  #lostBefore(sequence: bigint): Observation[] {
    const missing = this.#sequence === null ? 0n : sequence - this.#sequence - 1n
    this.#sequence = sequence
    return missing > 0n
      ? [{ kind: 'lost', count: Number(missing), reason: 'the kernel log overwrote records' }]
      : []
  }
}

function notRecord(raw: string): Outcome {
  if (raw.trim() === '') return unrelated
  return rejected("expected 'priority,sequence,microseconds,flags;message', or behind one ' FIELD=value'")
}

/** The kernel escapes the bytes that are not printable ASCII, and the backslash, as `\xNN`. */
function unescaped(text: string): string {
  return text.replace(/(?:\\x[\da-f]{2})+/gi, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll('\\x', ''), 'hex')
    const decoded = bytes.toString('utf8')
    return decoded.includes('\ufffd') ? bytes.toString('latin1') : decoded
  })
}
