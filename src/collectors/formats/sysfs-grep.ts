import type { EvidenceFormat, LineReader, Observation, Reading } from '../observation.ts'
import {
  HeldLines,
  lineReading,
  longestLine,
  type Outcome,
  rejected,
  tooLong,
  unrelated
} from './held-lines.ts'
import { baseName, shareOf } from './json-lines.ts'
import { SysfsTree } from './sysfs-tree.ts'

/**
 * What `grep -r . /sys/kernel/livepatch` prints (`/sys/kernel/livepatch/lp_hook/enabled:1`), with or without
 * the lines of `find /sys/kernel/livepatch`, which alone shows the directories of the functions. The whole
 * dump is one snapshot. Neither tool tells a time: a line `# t=<ns since boot>` or `#
 * uptime=<seconds.fraction>` before the dump does, and begins a new one; without it the snapshot is timeless.
 */
export const sysfsGrep: EvidenceFormat = {
  name: 'sysfs',
  description: 'dump of /sys/kernel/livepatch, as grep -r and find print it',
  recognise: (head, fileName) => {
    const share = shareOf(
      head,
      (line) => sysfsPath.test(line) || grepComplaint.test(line) || timeOf(line) !== null
    )
    // An idle machine's dump is its time and nothing else: then only the name tells.
    const paths = head.some((line) => sysfsPath.test(line) || grepComplaint.test(line))
    return paths ? share : /sysfs|livepatch/.test(baseName(fileName)) ? share / 2 : 0
  },
  open: () => new SysfsGrepReader()
}

/**
 * The path below the livepatch directory, and the value where the line has one. A dump may stand in a
 * report's copy.
 */
const sysfsPath = /^(?:[^:]*\/)?sys\/kernel\/livepatch(?:\/([^:]*)(?::(.*))?)?$/

/** grep on stderr, of write-only files as `force`, or of what went while it ran. */
const grepComplaint = /^(?:grep|find): .*sys\/kernel\/livepatch/

class SysfsGrepReader implements LineReader {
  #tree = new SysfsTree()
  #held = new HeldLines()
  #timeNs: bigint | null = null

  push(raw: string, line: number, latin1?: boolean): Reading[] {
    if (raw.length > longestLine) return [lineReading(raw, line, latin1, tooLong)]
    const timeNs = timeOf(raw)
    if (timeNs !== null) {
      const before = this.#flush()
      this.#timeNs = timeNs
      this.#held.add(raw, line, latin1)
      return before
    }
    const outcome = this.#place(raw)
    if (outcome) return [lineReading(raw, line, latin1, outcome)]
    this.#held.add(raw, line, latin1)
    return []
  }

  end(): Reading[] {
    return this.#flush()
  }

  /** Null for a line that became part of the tree. */
  #place(raw: string): Outcome | null {
    if (raw.trim() === '' || raw.startsWith('#') || grepComplaint.test(raw)) return unrelated
    const match = sysfsPath.exec(raw)
    if (!match) return rejected('not a path below /sys/kernel/livepatch')
    const [, path, value] = match
    if (!path) return unrelated
    const placed = this.#tree.add(path, value === undefined ? null : value.trim())
    if (placed === 'kept') return null
    return placed === 'unknown' ? unrelated : rejected(placed.wrong)
  }

  #flush(): Reading[] {
    if (this.#held.count === 0) return []
    const reading = this.#held.reading(this.#snapshot())
    this.#tree = new SysfsTree()
    this.#held = new HeldLines()
    this.#timeNs = null
    return [reading]
  }

  #snapshot(): Outcome {
    const result = this.#tree.patches()
    if ('incomplete' in result) return rejected(result.incomplete)
    const snapshot: Observation = {
      kind: 'snapshot',
      fromNs: this.#timeNs ?? 0n,
      label: null,
      patches: result.patches,
      modules: null,
      kprobes: null,
      programs: null,
      links: null
    }
    return this.#timeNs === null
      ? { outcome: 'timeless', observations: [snapshot] }
      : { outcome: 'observed', timeNs: this.#timeNs, clock: 'monotonic', observations: [snapshot] }
  }
}

/** The time of a line `# t=<ns>` or `# uptime=<seconds.fraction>`, ns since boot; null for any other line. */
function timeOf(line: string): bigint | null {
  const [, ns, seconds, fraction = ''] =
    /^#\s*(?:t=(\d{1,19})|uptime=(\d{1,10})(?:\.(\d{1,9}))?)\s*$/.exec(line) ?? []
  if (ns !== undefined) return BigInt(ns)
  if (seconds === undefined) return null
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}
