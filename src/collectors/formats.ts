import { audit } from './audit.ts'
import { bpfLoader } from './bpf-loader.ts'
import { bpftool } from './bpftool.ts'
import { bpftrace } from './bpftrace.ts'
import { commands } from './commands.ts'
import { dmesg, dmesgWall } from './dmesg.ts'
import { ftrace } from './ftrace.ts'
import { journal } from './journal.ts'
import { kmsg } from './kmsg.ts'
import { manifest } from './manifest.ts'
import type { EvidenceFormat } from './observation.ts'
import { notes, uname } from './plain-facts.ts'
import { snapshots } from './snapshots.ts'
import { sysfsGrep } from './sysfs-grep.ts'

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
