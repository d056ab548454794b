import { type FormattedSource, readSource } from './read-source.ts'

/** A line of the kernel log that livepatch or a patch's callback printed, and where it stands. */
export interface KernelLogLine {
  readonly text: string
  /** `source:line`. */
  readonly evidence: string
}

/** The log's own order: a trace's `console:` records are as good, and have the trace's clock. */
const kinds = ['ftrace', 'kmsg', 'journal', 'dmesg', 'dmesg-T']

const callback = /^\S+: (?:pre|post)_(?:un)?patch(?:_callback)?:? /

/** What livepatch and callbacks printed, from the first kind of source that has any of it; null where none has. */
export async function readKernelLog(sources: readonly FormattedSource[]): Promise<KernelLogLine[] | null> {
  for (const kind of kinds) {
    for (const formatted of sources.filter(({ format }) => format.name === kind)) {
      const lines = await linesOf(formatted)
      if (lines.length > 0) return lines
    }
  }
  return null
}

async function linesOf(formatted: FormattedSource): Promise<KernelLogLine[]> {
  const lines: KernelLogLine[] = []
  for await (const page of readSource(formatted)) {
    for (const reading of page) {
      if (reading.outcome !== 'observed') continue
      for (const seen of reading.observations) {
        if (seen.kind !== 'printk') continue
        if (!seen.message.startsWith('livepatch: ') && !callback.test(seen.message)) continue
        lines.push({ text: seen.message, evidence: `${formatted.source.name}:${reading.line}` })
      }
    }
  }
  return lines
}
