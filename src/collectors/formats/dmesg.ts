import type { EvidenceFormat, LineReader } from '../observation.ts'
import { ctimeNs, isoNs, secondsNs } from './clock-text.ts'
import { lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { baseName, shareOf } from './json-lines.ts'
import { callerPattern, concernsPatches, kernelLine } from './kernel-message.ts'

/** `<5>` (`dmesg -r`, a console) or `kern  :notice: ` (`dmesg -x`): facility and level. */
const priority = String.raw`(?:<(\d{1,4})>|([a-z]+) *:[a-z]+ *: ?)?`
const message = `${callerPattern}?(.*)$`

/** The kernel log as `dmesg` and a console print it: `[    8.086995] livepatch: …`, in its own clock. */
export const dmesg: EvidenceFormat = {
  name: 'dmesg',
  description: "dmesg, or a console's log: seconds since boot in brackets",
  recognise: (head, fileName) => confidence(head, fileName, (line) => bracketed.test(line)),
  open: () => lineByLine((raw) => fromBracketed(raw) ?? fromElse(raw, "'[seconds.microseconds] message'"))
}

/** The kernel log of `dmesg -T` (`[Mon Nov 23 14:02:38 2026] …`) and `dmesg --time-format iso`: wall time. */
export const dmesgWall: EvidenceFormat = {
  name: 'dmesg-T',
  description: 'dmesg -T (its times have whole seconds and are read as UTC) or dmesg --time-format iso',
  recognise: (head, fileName) => confidence(head, fileName, (line) => wall.test(line)),
  open: () => lineByLine((raw) => fromWall(raw) ?? fromElse(raw, "'[Mon Nov 23 14:02:38 2026] message'"))
}

// `dmesg -d` puts the time since the line before into the bracket.
const bracketed = new RegExp(
  String.raw`^${priority}\[ *(\d{1,11})\.(\d{1,9})(?: <[^>]{1,20}>)?\] ?${message}`,
  's'
)

function fromBracketed(raw: string): Outcome | null {
  const [found, level, facility, seconds = '', fraction = '', text = ''] = bracketed.exec(raw) ?? []
  if (found === undefined) return null
  if (!byKernel(level, facility)) return unrelated
  return kernelLine(text, { timeNs: secondsNs(seconds, fraction), clock: 'printk' })
}

const ctimeText = String.raw`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}`
const isoText = String.raw`\d{4}-\d\d-\d\dT[\d:.,+-]{14,30}Z?`
const wall = new RegExp(String.raw`^${priority}(?:\[(${ctimeText})\]|(${isoText})) ?${message}`, 's')

function fromWall(raw: string): Outcome | null {
  const [found, level, facility, ctime, iso = '', text = ''] = wall.exec(raw) ?? []
  if (found === undefined) return null
  const timeNs = ctime === undefined ? isoNs(iso) : ctimeNs(ctime)
  if (timeNs === null) return rejected(`'${ctime ?? iso}' is no date`)
  return byKernel(level, facility) ? kernelLine(text, { timeNs, clock: 'realtime' }) : unrelated
}

/** Anyone who may write to /dev/kmsg can print a livepatch's words, but never under the kernel's facility. */
function byKernel(level: string | undefined, facility: string | undefined): boolean {
  if (level !== undefined) return Number(level) >> 3 === 0
  return facility === undefined || facility === 'kern'
}

/**
 * A line without a time: blank, or the rest of a message with a line feed in it, which dmesg indents. The
 * messages of livepatch have none, so an indented one that speaks of patches is a cut line.
 */
function fromElse(raw: string, expected: string): Outcome {
  if (raw.trim() === '' || (/^\s/.test(raw) && !concernsPatches(raw))) return unrelated
  return rejected(`expected ${expected}`)
}

function lineByLine(read: (raw: string) => Outcome): LineReader {
  return {
    push: (raw, line, latin1) => [lineReading(raw, line, latin1, read(raw))],
    end: () => []
  }
}

function confidence(head: readonly string[], fileName: string, fits: (line: string) => boolean): number {
  const share = shareOf(head, fits)
  return share === 0 ? 0 : share * 0.9 + (/dmesg|kern\.log|console/i.test(baseName(fileName)) ? 0.05 : 0)
}
