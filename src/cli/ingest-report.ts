import type { IngestSummary } from '../collectors/index.ts'
import type { Policy } from '../events/index.ts'
import type { App } from './app.ts'
import type { Evidence } from './evidence.ts'
import { counted, table, wallTime } from './output.ts'

/** What the log holds of a boot as a whole; an earlier ingest may have said it, and it stays. */
export interface StoredBoot {
  readonly policy: Policy | null
  /** Ns since the epoch. */
  readonly bootTimeNs: bigint | null
}

/** What became of one stream's evidence, as `klplog ingest -o json` gives it. */
export type IngestReport = IngestSummary & {
  /** Of the appended events, how many lie before what the stream had already. */
  readonly appendedLate: number
  readonly stored: StoredBoot
  /** Ns since the epoch, as given or recognised. */
  readonly bootTimeNs: bigint | null
  readonly skippedFiles: readonly string[]
}

/** A line a stream. */
export function reportTable(app: App, reports: readonly IngestReport[]): string {
  const right = (head: string) => ({ head, align: 'right' }) as const
  const columns = [
    { head: 'STREAM' },
    right('EVENTS'),
    right('KNOWN'),
    right('LINES'),
    right('USED'),
    right('CONFIRMING'),
    right('UNRELATED'),
    right('REJECTED'),
    { head: 'POLICY' }
  ]
  const cells = reports.map((report) => [
    { value: report.stream, color: app.colors.cyan },
    report.appended,
    report.alreadyKnown,
    report.lines,
    report.usedLines,
    report.confirmingLines,
    report.unrelatedLines,
    { value: report.rejectedLines, color: report.rejectedLines > 0 ? app.colors.yellow : String },
    `${report.policy ?? 'unknown'} (${report.policyFrom})`
  ])
  return table(app, columns, cells)
}

/** What needs the user's eye, on standard error. */
export async function tellMore(
  app: App,
  evidence: readonly Evidence[],
  reports: readonly IngestReport[]
): Promise<void> {
  for (const one of evidence) await tellSkipped(app, one)
  const rejected = reports.reduce((sum, report) => sum + report.rejectedLines, 0)
  if (rejected > 0) {
    await app.warn(
      `${counted(rejected, 'line')} not understood, and kept`,
      '`klplog rejected` lists them with the reason.'
    )
  }
  const unknown = reports.filter((report) => report.policy === null).map((report) => report.stream)
  if (unknown.length > 0) {
    await app.warn(
      `the livepatch policy of ${unknown.join(', ')} is unknown, and read as mainline's`,
      `Where it is another, ingest into a new database with --policy, or with a dump of sysfs beside the rest
(grep -r . /sys/kernel/livepatch).`
    )
  }
  for (const report of reports) {
    await tellStored(app, report)
    await tellLate(app, report)
  }
}

async function tellSkipped(app: App, { label, skipped }: Evidence): Promise<void> {
  if (skipped.length === 0) return
  await app.warn(
    `${label}: skipped ${counted(skipped.length, 'file')} of no known kind`,
    `${skipped.join(', ')}\nWhere one is evidence, ingest it with --format NAME.`
  )
}

async function tellStored(app: App, { stream, policy, bootTimeNs, stored }: IngestReport): Promise<void> {
  const news: string[] = []
  // An unknown policy is read as mainline's.
  if (policy !== null && policy !== (stored.policy ?? 'mainline')) news.push(`policy ${policy}`)
  if (bootTimeNs !== null && !isNear(bootTimeNs, stored.bootTimeNs)) {
    news.push(`boot time ${wallTime(bootTimeNs, app)}`)
  }
  if (news.length === 0) return
  await app.warn(
    `${news.join(' and ')}: too late for ${stream}, which an earlier ingest began otherwise`,
    'What is stored stays as it is. Ingest into a new database to have it so from the start.'
  )
}

/** Clocks are adjusted, so two pieces of evidence hardly give the same boot time to the ns. */
function isNear(bootTimeNs: bigint, stored: bigint | null): boolean {
  if (stored === null) return false
  const apartNs = bootTimeNs - stored
  return apartNs < 1_000_000_000n && apartNs > -1_000_000_000n
}

async function tellLate(app: App, { stream, appendedLate }: IngestReport): Promise<void> {
  if (appendedLate === 0) return
  const events = appendedLate === 1 ? '1 event lies' : `${appendedLate} events lie`
  await app.warn(
    `${events} before what the log had of ${stream} already`,
    `Kinds of evidence are merged only when they are ingested together; what both told is in the log twice.
For right answers about that time, ingest all evidence of the boot at once into a new database.`
  )
}
