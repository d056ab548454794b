import { type Command, Option } from 'commander'
import { formats, type IngestSummary, ingest as ingestJob } from '../../collectors/index.ts'
import type { Policy } from '../../events/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withWritableLog } from '../database.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { type Evidence, gatherEvidence } from '../evidence.ts'
import { type PlannedIngest, planIngest } from '../ingest-plan.ts'
import { parseEpochSeconds, parseWallTime } from '../moment.ts'
import { counted, type OutputOptions, printAnswer, table, withOutput } from '../output.ts'
import { byteProgress } from '../progress.ts'

interface IngestOptions extends OutputOptions {
  readonly format?: string
  readonly manifest?: readonly string[]
  readonly host?: string
  readonly boot?: string
  readonly bootTime?: string
  readonly policy?: Policy
}

/** What became of one stream's evidence, as `-o json` gives it. */
type IngestRow = IngestSummary & { readonly skippedFiles: readonly string[] }

/** `klplog ingest`: evidence in. */
export const ingest = defineCommand<IngestOptions>({
  name: 'ingest',
  group: 'Evidence in:',
  summary: 'read traces, kernel logs, sysfs snapshots and more into the log',
  description: `Reads evidence of livepatches and BPF hooks into the log, and says what became of each line.

A directory is a recording: all files in it are merged into one stream, and several directories become
several streams. Files that are named one by one are together one stream. - is standard input.
What the log has already is not stored again, so the same command continues what was interrupted.`,
  examples: [
    'klplog ingest /var/log/klp/host1',
    'klplog ingest trace.txt dmesg.txt --host host1 --policy mainline',
    'dmesg | klplog ingest - --host host1 --boot-time "2026-11-20 08:15:02"',
    'klplog ingest recording --manifest modules.json'
  ],
  define: (command) => {
    command.argument('<paths...>', 'files, directories, or - for standard input')
    defineOptions(command)
    withOutput(command)
    const kinds = formats.map(({ name, description }) => `  ${name.padEnd(12)} ${description}`)
    command.addHelpText('after', `\nKinds of evidence, for --format:\n${kinds.join('\n')}`)
  },
  run: async (app, options, paths) => {
    const naming = {
      ...options,
      policy: options.policy ?? null,
      bootTimeNs: options.bootTime === undefined ? null : bootTime(app, options.bootTime)
    }
    const evidence = await gatherEvidence(paths, options, app.io.stdin)
    const planned = await planIngest(evidence, naming)
    const { rows, stopped } = await ingestAll(app, planned)
    await printAnswer(app, options, rows, () => summaryTable(app, rows))
    await tellMore(app, evidence, rows)
    if (!stopped) return undefined
    await app.warn('stopped: what was understood so far is stored', 'The same command continues.')
    return exitCodes.interrupted
  }
})

function defineOptions(command: Command): void {
  const name = (text: string) => {
    if (text === '') throw new UsageError('an empty name', 'Give one, or leave the option out.')
    return text
  }
  command
    .addOption(
      new Option('--format <name>', 'the kind of the files, where it is not recognised').choices(
        formats.map((format) => format.name)
      )
    )
    .option('--host <name>', "the stream's host, where the evidence does not tell it", name)
    .option('--boot <id>', "the stream's boot; of a journal with several, the one to read", name)
    .option('--boot-time <time>', 'when the host booted: "2026-11-20 08:15:02", ISO 8601, or epoch seconds')
    .addOption(
      new Option(
        '--policy <name>',
        "the kernel's livepatch policy, where no sysfs snapshot shows it"
      ).choices(['mainline', 'hybrid', 'replace-set'])
    )
    .option(
      '--manifest <file>',
      'what the patches patch (modules.json), for every stream; may be given again',
      (file: string, before?: readonly string[]) => [...(before ?? []), file]
    )
}

function bootTime(app: App, text: string): bigint {
  const ns = parseEpochSeconds(text) ?? parseWallTime(text, { nowNs: app.io.now(), utc: app.utc })
  if (ns !== null) return ns
  throw new UsageError(
    `--boot-time "${text}" is no time`,
    'Write "2026-11-20 08:15:02", 2026-11-20T08:15:02Z, or seconds since the epoch.'
  )
}

/** Ctrl-C stops it at the next batch. */
async function ingestAll(
  app: App,
  planned: readonly PlannedIngest[]
): Promise<{ rows: IngestRow[]; stopped: boolean }> {
  let stopped = false
  const stopListening = app.io.onInterrupt(() => {
    stopped = true
  })
  const sizes = planned.flatMap(({ job }) => job.sources.map(({ source }) => source.sizeBytes ?? 0))
  const progress = byteProgress(
    app.io,
    'ingest',
    sizes.reduce((sum, size) => sum + size, 0)
  )
  const rows: IngestRow[] = []
  try {
    await withWritableLog(app, { make: true }, async (log) => {
      for (const { job, evidence } of planned) {
        if (stopped) return
        const summary = await ingestJob(log, {
          ...job,
          onBytes: (bytes) => progress.add(bytes),
          isStopped: () => stopped
        })
        rows.push({ ...summary, skippedFiles: evidence.skipped })
      }
    })
  } finally {
    progress.stop()
    stopListening()
  }
  return { rows, stopped }
}

function summaryTable(app: App, rows: readonly IngestRow[]): string {
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
  const cells = rows.map((row) => [
    { value: row.stream, color: app.colors.cyan },
    row.appended,
    row.alreadyKnown,
    row.lines,
    row.usedLines,
    row.confirmingLines,
    row.unrelatedLines,
    { value: row.rejectedLines, color: row.rejectedLines > 0 ? app.colors.yellow : String },
    `${row.policy ?? 'unknown'} (${row.policyFrom})`
  ])
  return table(app, columns, cells)
}

/** What needs the user's eye: skipped files, rejected lines, an unknown policy. */
async function tellMore(app: App, evidence: readonly Evidence[], rows: readonly IngestRow[]): Promise<void> {
  for (const { label, skipped } of evidence) {
    if (skipped.length === 0) continue
    await app.warn(
      `${label}: skipped ${counted(skipped.length, 'file')} of no known kind`,
      `${skipped.join(', ')}\nWhere one is, ingest it with --format NAME.`
    )
  }
  const rejected = rows.reduce((sum, row) => sum + row.rejectedLines, 0)
  if (rejected > 0) {
    await app.warn(
      `${counted(rejected, 'line')} not understood, and kept`,
      '`klplog rejected` lists them with the reason.'
    )
  }
  const unknown = rows.filter((row) => row.policy === null).map((row) => row.stream)
  if (unknown.length > 0) {
    await app.warn(
      `the livepatch policy of ${unknown.join(', ')} is unknown: no evidence shows sysfs`,
      'Ingest a snapshot of sysfs (grep -r . /sys/kernel/livepatch), or give --policy.'
    )
  }
}
