import { audit } from './formats/audit.ts'
import { bpfLoader } from './formats/bpf-loader.ts'
import { bpftool } from './formats/bpftool.ts'
import { bpftrace } from './formats/bpftrace.ts'
import { commands } from './formats/commands.ts'
import { dmesg, dmesgWall } from './formats/dmesg.ts'
import { ftrace } from './formats/ftrace.ts'
import { journal } from './formats/journal.ts'
import { kmsg } from './formats/kmsg.ts'
import { manifest } from './formats/manifest.ts'
import { notes, uname } from './formats/plain-facts.ts'
import { snapshots } from './formats/snapshots.ts'
import { sysfsGrep } from './formats/sysfs-grep.ts'
import type { EvidenceFormat } from './observation.ts'

/** Every kind of evidence that klplog reads. */
export const formats: readonly EvidenceFormat[] = [
  ftrace,
  bpftrace,
  dmesg,
  dmesgWall,
  kmsg,
  journal,
  sysfsGrep,
  snapshots,
  bpftool,
  audit,
  commands,
  bpfLoader,
  manifest,
  uname,
  notes
]

/** The confidence from which a guess counts. */
const confidenceMin = 0.3

/** The format that fits best, or null when none does well enough. */
export function recognise(head: readonly string[], fileName: string): EvidenceFormat | null {
  let best: EvidenceFormat | null = null
  let bestConfidence = confidenceMin
  for (const format of formats) {
    const confidence = format.recognise(head, fileName)
    if (confidence <= bestConfidence) continue
    best = format
    bestConfidence = confidence
  }
  return best
}

/** A format by its name. */
export function formatNamed(name: string): EvidenceFormat | undefined {
  return formats.find((format) => format.name === name)
}
