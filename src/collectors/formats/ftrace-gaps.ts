import type { Observation, Reading } from '../observation.ts'
import { lineReading } from './held-lines.ts'

/** A line that says something about the records around it. */
export interface NoteLine {
  readonly raw: string
  readonly line: number
  readonly latin1: boolean | undefined
}

/** Counts an ftrace file's records, so that it shows between which of them some are missing. */
export class FtraceGaps {
  readonly #lastOfCpu = new Map<string, bigint>()
  #firstNs: bigint | null = null
  #lastNs: bigint | null = null
  #records = 0
  /** The header of this part of the file, with what it says the buffer held. */
  #counted: { readonly note: NoteLine; readonly records: number } | null = null

  /** The time of the newest record; null before the first. */
  get lastNs(): bigint | null {
    return this.#lastNs
  }

  /** A record of this CPU. */
  saw(cpu: string, timeNs: bigint): void {
    this.#firstNs ??= timeNs
    if (this.#lastNs === null || timeNs > this.#lastNs) this.#lastNs = timeNs
    this.#lastOfCpu.set(cpu, timeNs)
    this.#records += 1
  }

  /** Behind which time the CPU's lost records were written: since the boot, where none of it came before. */
  lastOf(cpu: string): bigint {
    return this.#lastOfCpu.get(cpu) ?? 0n
  }

  /** `# entries-in-buffer/entries-written`: so many records follow. */
  counts(note: NoteLine, records: number): void {
    this.#counted = { note, records }
  }

  /** The file ends here, or begins anew: whether it had as many records as its header counted. */
  close(): Reading[] {
    const counted = this.#counted
    const records = this.#records
    this.#counted = null
    this.#records = 0
    if (counted === null || this.#firstNs === null || this.#lastNs === null) return []
    const count = counted.records - records
    if (count <= 0) return []
    const reason = `the header counts ${counted.records} records, and the file has ${records}`
    const lost = { kind: 'lost', count, reason, fromNs: this.#firstNs } as const
    return [{ ...lostReading(counted.note, this.#lastNs, lost), lines: 0 }]
  }

  /** The line that the file ends in the middle of. Whoever wrote it wrote no more. */
  cut(note: NoteLine): Reading {
    const reason = 'the file ends in the middle of a line'
    if (this.#lastNs === null) return lostReading(note, null, { kind: 'lost', count: null, reason })
    const lost = { kind: 'lost', count: null, reason, fromNs: this.#lastNs, untilNs: null } as const
    return lostReading(note, this.#lastNs, lost)
  }
}

function lostReading({ raw, line, latin1 }: NoteLine, timeNs: bigint | null, lost: Observation): Reading {
  const observations = [lost]
  return lineReading(
    raw,
    line,
    latin1,
    timeNs === null
      ? { outcome: 'timeless', observations }
      : { outcome: 'observed', timeNs, clock: 'monotonic', observations }
  )
}
