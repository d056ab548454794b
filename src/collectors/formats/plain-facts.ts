import type { EvidenceFormat } from '../observation.ts'
import { lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { baseName, shareOf } from './json-lines.ts'

/**
 * `uname -a`: which kernel runs, and on which host. It is no observation of its own, but names the boot's
 * stream.
 */
export const uname: EvidenceFormat = {
  name: 'uname',
  description: 'uname -a: kernel release and host',
  recognise: (head) => shareOf(head, (line) => unameLine.test(line)),
  open: () => ({
    push: (raw, line, latin1) => [lineReading(raw, line, latin1, kernelOf(raw))],
    end: () => []
  })
}

const unameLine = /^Linux (\S+) (\d+\.\d+\S*) #\S/

function kernelOf(raw: string): Outcome {
  if (raw.trim() === '') return unrelated
  const [, host, release] = unameLine.exec(raw) ?? []
  if (host === undefined || release === undefined) return rejected('not a line of uname -a')
  // The kernel's own placeholder for a host that nobody named.
  return { outcome: 'unrelated', about: { release, ...(host === '(none)' ? {} : { host }) } }
}

/**
 * Files of a recording that state nothing to ingest: its story, the kernel's command line, the ftrace users
 * at the end, and the ground truth that tests compare claims with. They are known by name alone, and read so
 * that every line is accounted for.
 */
export const notes: EvidenceFormat = {
  name: 'notes',
  description: 'notes beside a recording: nothing to ingest',
  recognise: (_head, fileName) => (noteNames.test(baseName(fileName)) ? 0.95 : 0),
  open: () => ({
    push: (raw, line, latin1) => [lineReading(raw, line, latin1, unrelated)],
    end: () => []
  })
}

const noteNames =
  /^(?:notes\.md|kernel-cmdline\.txt|enabled_functions-end\.txt|hammer-[^.]+\.jsonl|busy\.jsonl)$/
