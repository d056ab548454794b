import { type Command, Option } from 'commander'
import { formats, ingest as ingestJob } from '../../collectors/index.ts'
import type { Policy, SqliteLog, StreamInfo } from '../../events/index.ts'
import { bootTimeOf, parseDuration, parseEpochSeconds, parseWallTime } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withWritableLog } from '../database.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { gatherEvidence } from '../evidence.ts'
import { type PlannedIngest, planIngest } from '../ingest-plan.ts'
import { type IngestReport, reportTable, type StoredBoot, tellMore } from '../ingest-report.ts'
import { type OutputOptions, printAnswer, withOutput } from '../output.ts'
import { byteProgress } from '../progress.ts'
import { type ShipOptions, shipAll, shipTable, tellShipped } from '../ship.ts'

interface IngestOptions extends OutputOptions, ShipOptions {
  readonly format?: string
  readonly manifest?: readonly string[]
  readonly host?: string
  readonly boot?: string
  readonly bootTime?: string
  readonly policy?: Policy
}

/** `klplog ingest`: evidence in. */
export const ingest = defineCommand<IngestOptions>({
  name: 'ingest',
  group: 'Evidence in:',
  summary: 'read traces, kernel logs, sysfs snapshots and more into the log',
  description: `Reads evidence of livepatches and BPF hooks into the log, and says what became of each line.

A directory is a recording: all files in it, and files named beside it, are merged into one stream; several
directories become several streams. Files that are named without one are together one stream. A manifest of
patches counts for every stream. - is standard input.
What the log has already is not stored again, so the same command continues what was interrupted.

With --to, what the evidence means goes to a service (\`klplog serve\`) instead, through a spool on the disk:
what the service has not acknowledged waits there, and the next \`klplog ingest --to\` sends it first. The exit
code is then 4.`,
  examples: [
    'klplog ingest /var/log/klp/host1',
    'klplog ingest trace.txt dmesg.txt --host host1 --policy mainline',
    'dmesg | klplog ingest - --host host1 --boot-time "2026-11-20 08:15:02"',
    'klplog ingest recording modules.json',
    'klplog ingest /var/log/klp --to http://log.example:7657 --token-file /etc/klplog/token'
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
    if (options.to !== undefined) return ship(app, options, planned, options.to)
    const { rows, stopped } = await ingestAll(app, planned)
    await printAnswer(app, options, rows, () => reportTable(app, rows))
    await tellMore(app, evidence, rows)
    if (!stopped) return undefined
    await app.warn('stopped: what was understood so far is stored', 'The same command continues.')
    return exitCodes.interrupted
  }
})

/** The evidence goes to a service. */
async function ship(app: App, options: IngestOptions, planned: readonly PlannedIngest[], to: string) {
  const answer = await shipAll(app, planned, to, options)
  await printAnswer(app, options, answer, () => shipTable(app, answer))
  return tellShipped(app, answer)
}

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
    .option('--to <url>', 'ship to this service instead of the database')
    .option('--token-file <file>', 'the token for the service, in a file of its own')
    .option('--spool <directory>', 'what waits for the service (default: in $XDG_STATE_HOME/klplog/spool)')
    .option('--retry-for <duration>', 'how long to try while the service is away (default: 30s)', duration)
}

function duration(text: string): bigint {
  const ns = parseDuration(text)
  if (ns !== null) return ns
  throw new UsageError(`--retry-for "${text}" is no duration`, 'Write 30s, 5m or 1h.')
}

function bootTime(app: App, text: string): bigint {
  const ns = parseEpochSeconds(text) ?? parseWallTime(text, app.asker)
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
): Promise<{ rows: IngestReport[]; stopped: boolean }> {
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
  const rows: IngestReport[] = []
  try {
    await withWritableLog(app, { make: true }, async (log) => {
      for (const { job, evidence } of planned) {
        if (stopped) return
        const before = (await log.streams()).find(({ stream }) => stream === job.stream)
        const onBytes = (bytes: number) => progress.add(bytes)
        const summary = await ingestJob(log, { ...job, onBytes, isStopped: () => stopped })
        const appendedLate = before === undefined ? 0 : await countLate(log, before)
        rows.push({
          ...summary,
          bootTimeNs: job.bootTimeNs,
          appendedLate,
          stored: await storedBoot(log, job.stream),
          skippedFiles: evidence.skipped
        })
      }
    })
  } finally {
    progress.stop()
    stopListening()
  }
  return { rows, stopped }
}

/** What the log holds of the boot as a whole, now that the evidence is in. */
async function storedBoot(log: SqliteLog, stream: string): Promise<StoredBoot> {
  const info = (await log.streams()).find((one) => one.stream === stream)
  const bootTimeNs = info === undefined ? null : await bootTimeOf(log, info)
  for await (const [event] of log.read({ stream, types: ['host.booted'], limit: 1 })) {
    if (event?.type === 'host.booted') return { policy: event.data.policy, bootTimeNs }
  }
  return { policy: null, bootTimeNs }
}

/** Events that came behind the stream's last one, of an earlier time. */
async function countLate(log: SqliteLog, before: StreamInfo): Promise<number> {
  const { stream, lastPosition, lastNs } = before
  let late = 0
  for await (const page of log.read({ stream, after: lastPosition, untilNs: lastNs - 1n })) {
    late += page.length
  }
  return late
}
