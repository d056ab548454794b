/** A file of evidence: its lines, and whether the last of them has its line end. */
export interface EvidenceText {
  readonly lines: readonly string[]
  readonly ended: boolean
}

/** A record of a source: one line, or several where a value holds line feeds. */
export interface EvidenceRecord {
  readonly text: string
  /** Whose buffer it comes from; -1 where the tool does not tell. */
  readonly cpu: number
}

/** How a tool writes its records, as far as a fault has to know it. */
export interface EvidenceShape {
  /** The processor of a record that begins with this line, -1 where it does not tell; null: no record. */
  cpuOf(line: string): number | null
  /** The record at another time; the time never falls below zero. */
  shifted(text: string, byNs: bigint): string
  /** What the tool prints where it lost records; null: it prints nothing. */
  readonly lossMark: ((cpu: number, count: number) => string) | null
  /** What the tool prints first, before so many records; nothing where it has no header. */
  header(original: readonly string[], records: number): readonly string[]
}

const traced = /^(?:.{16}|\s*.{1,15})-\d+ +(?:\([^)]*\) +)?\[(\d+)\]/
const tracedTime = /(\] +[^\s:]{1,12} +)(\d+)\.(\d{6,9})(: )/
const entries = /^# entries-in-buffer\/entries-written: \d+\/\d+/

const ftrace: EvidenceShape = {
  cpuOf(line) {
    const found = traced.exec(line)
    return found === null ? null : Number(found[1])
  },
  shifted: (text, byNs) =>
    text.replace(
      tracedTime,
      (_, before: string, seconds: string, fraction: string, behind: string) =>
        before + decimal(nsOf(seconds, fraction) + byNs, fraction.length) + behind
    ),
  lossMark: (cpu, count) => `CPU:${cpu} [LOST ${count} EVENTS]`,
  header: (original, records) =>
    original.map((line) =>
      line.replace(entries, `# entries-in-buffer/entries-written: ${records}/${records}`)
    )
}

const printed = /^(\{"type": ?"printf", ?"data": ?")(\d+)/

const bpftrace: EvidenceShape = {
  cpuOf: (line) => (printed.test(line) ? -1 : null),
  shifted: (text, byNs) =>
    text.replace(printed, (_, before: string, time: string) => before + notBelowZero(BigInt(time) + byNs)),
  lossMark: (_cpu, count) => `{"type": "lost_events", "data": {"events": ${count}}}`,
  header: (original) => original
}

const logged = /^(\[ *)(\d+)\.(\d{6})\]/

const dmesg: EvidenceShape = {
  cpuOf: (line) => (logged.test(line) ? -1 : null),
  shifted: (text, byNs) =>
    text.replace(logged, (_, _before: string, seconds: string, fraction: string) => {
      return `[${decimal(nsOf(seconds, fraction) + byNs, 6).padStart(12)}]`
    }),
  // The kernel log overwrites its oldest records in silence; only /dev/kmsg numbers them.
  lossMark: null,
  header: () => []
}

/** The shapes of the kinds of evidence that faults know, by the name of the format. */
export const evidenceShapes: Readonly<Record<string, EvidenceShape>> = { ftrace, bpftrace, dmesg }

/** What stands before the first record, and the records. */
export function recordsOf(
  { lines }: EvidenceText,
  shape: EvidenceShape
): { header: readonly string[]; records: readonly EvidenceRecord[] } {
  const header: string[] = []
  const records: { text: string; cpu: number }[] = []
  for (const line of lines) {
    const cpu = shape.cpuOf(line)
    const last = records.at(-1)
    if (cpu !== null) records.push({ text: line, cpu })
    else if (last === undefined) header.push(line)
    else last.text += `\n${line}`
  }
  return { header, records }
}

/** A whole file of these texts. */
export function textOf(...parts: readonly (readonly string[])[]): EvidenceText {
  return { lines: parts.flat().flatMap((text) => text.split('\n')), ended: true }
}

function nsOf(seconds: string, fraction: string): bigint {
  return BigInt(seconds + fraction.padEnd(9, '0'))
}

function decimal(ns: bigint, digits: number): string {
  const text = String(notBelowZero(ns)).padStart(10, '0')
  return `${text.slice(0, -9)}.${text.slice(-9).slice(0, digits)}`
}

function notBelowZero(ns: bigint): bigint {
  return ns < 0n ? 0n : ns
}
