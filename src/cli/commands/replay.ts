import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Policy, SqliteLog, StreamInfo } from '../../events/index.ts'
import { positionAsked } from '../../projections/index.ts'
import { type EvidenceFinding, type ReplayRequest, rulesOf } from '../../replay/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { readJson } from '../json-file.ts'
import { readManifests } from '../manifest-file.ts'
import { askedEvidenceFaults, askedFaults } from '../replay-faults.ts'
import { formatOfFile, type ReplayFormat, rendered, replayFormats, writeReports } from '../replay-output.ts'
import { repeatText, reportToRepeat, whatDiffers } from '../replay-repeat.ts'
import { runReplay } from '../replay-run.ts'
import { type StreamOptions, selectStream, withStream } from '../streams.ts'

interface ReplayOptions extends StreamOptions {
  readonly from?: string
  readonly to?: string
  readonly policy?: Policy
  readonly manifest?: readonly string[]
  readonly fault?: readonly string[]
  readonly faults?: 'all' | 'kernel' | 'evidence'
  readonly seed?: number
  readonly runs?: number
  readonly depth: number
  readonly ahead: number
  readonly repeat?: string
  readonly report?: readonly string[]
  readonly output: ReplayFormat
  readonly json?: boolean
}

/** `klplog replay`: what would have broken, had something gone wrong. */
export const replay = defineCommand<ReplayOptions>({
  name: 'replay',
  group: 'The model:',
  summary: 'perform a recorded history again, with faults at every place',
  description: `Performs the operations of a recorded boot again on the model of the kernel, and says which
invariants break and whether the state at the end is the recorded one.

With faults it is a sweep: each fault at each place where it applies, in each of its ways; pairs of them with
--depth 2; or with --runs as many runs with faults at random, which follow from --seed. Told is what breaks with a
fault and not without: one finding for a fault and an invariant, as the shortest story that shows it and as a
scenario for \`klplog simulate\`. Ctrl-C ends a sweep with what was found so far.

WHERE is a moment as --at takes it (@417 or 417 is a position) or an operation: try, "insmod lp_x". The run
begins at the boot in any case; --from and --to say between which moments faults happen.

Faults in the evidence (--faults evidence) happen to the files that the stream was told from: records lost,
doubled, out of order, clocks set. The answers are then the same, or say that they are unsure.

The exit code is 1 when an invariant breaks, or when an answer is wrong and does not say that it is unsure, though
the evidence shows it: where the model of the kernel explains all that is left, nothing could (HIDDEN).`,
  examples: [
    'klplog replay --stream host1',
    'klplog replay --fault force --fault stalled-task@try -o json',
    'klplog replay --faults kernel --report sweep.html --report sweep.sarif',
    'klplog replay --faults kernel --runs 500 --seed 7 --depth 2',
    'klplog replay --repeat sweep.json    does the same come out again?'
  ],
  define,
  run: (app, options) =>
    withLog(app, async (log) => {
      for (const path of options.report ?? []) formatOfFile(path)
      if (options.repeat !== undefined) return repeat(app, log, options.repeat, options)
      const stream = await selectStream(log, options)
      const request = await requestOf(app, log, stream, options)
      const manifest = readManifests(options.manifest ?? []).specs
      const report = await runReplay(app, { log, stream, manifest }, request)
      const format = options.json === true ? 'json' : options.output
      await app.print(rendered(report, format, app.colors, app.io.stdout.isTTY === true))
      await writeReports(app, report, options.report ?? [])
      if (!report.complete) {
        await app.warn('stopped: what was found so far is told', 'Without Ctrl-C it goes to the end.')
        return exitCodes.interrupted
      }
      return report.findings.length > 0 || report.evidence.some(isFalse) ? exitCodes.found : undefined
    })
})

/** An answer was wrong, without a word, about what the evidence shows. */
function isFalse({ late, wrong }: EvidenceFinding): boolean {
  return late + wrong > 0
}

function define(command: Command): void {
  const more = (one: string, before?: readonly string[]) => [...(before ?? []), one]
  withStream(command)
    .option('--from <time>', 'faults happen from this moment on; written as --at is')
    .option('--to <time>', 'the history ends at this moment')
    .addOption(
      new Option('--policy <name>', "the kernel's policy, in place of the recorded one").choices(
        Object.keys(rulesOf)
      )
    )
    .option('--manifest <file>', 'what the patches patch (modules.json); may be given again', more)
    .option('--fault <name[@where]>', 'a fault, everywhere or only there; may be given again', more)
    .addOption(
      new Option('--faults <family>', 'every fault of a family').choices(['all', 'kernel', 'evidence'])
    )
    .option(
      '--runs <n>',
      'so many runs with faults at random, in place of all; of faults in the evidence so many places each',
      whole(1)
    )
    .option('--seed <n>', 'what the random runs follow from (default: 1)', whole(0))
    .option('--depth <n>', 'how many faults happen in one run', whole(1), 1)
    .option('--ahead <n>', 'how many operations a run goes on behind its fault', whole(1), 20)
    .option(
      '--repeat <report>',
      'do again what a JSON report tells of, with the same --manifest, and compare'
    )
    .option(
      '--report <file>',
      'write it: .txt .json .jsonl .xml (JUnit) .sarif .html; may be given again',
      more
    )
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(replayFormats).default('table'))
    .option('-j, --json', 'the same as -o json')
}

function whole(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= 0xffffffff) return value
    throw new InvalidArgumentError(`Give a whole number of at least ${min}.`)
  }
}

async function requestOf(
  app: App,
  log: SqliteLog,
  stream: StreamInfo,
  options: ReplayOptions
): Promise<ReplayRequest> {
  const isRandom = options.runs !== undefined || options.seed !== undefined
  const families = options.faults ?? (isRandom && options.fault === undefined ? 'kernel' : undefined)
  const from = options.from === undefined ? 1 : await positionAsked(app.asker, log, stream, options.from)
  const to = await positionAsked(app.asker, log, stream, options.to)
  if (from > to) {
    throw new UsageError(
      `--from ${options.from} is later than --to ${options.to ?? 'the end'}`,
      'Exchange them.'
    )
  }
  return {
    stream: stream.stream,
    policy: options.policy ?? (await recordedPolicy(log, stream)),
    from,
    to,
    faults: [
      ...askedFaults(options.fault ?? [], families).map(({ text }) => text),
      ...askedEvidenceFaults(options.fault ?? [], families)
    ],
    depth: options.depth,
    ahead: options.ahead,
    seed: isRandom ? (options.seed ?? 1) : null,
    runs: isRandom ? (options.runs ?? 200) : null
  }
}

async function recordedPolicy(log: SqliteLog, { stream }: StreamInfo): Promise<Policy> {
  for await (const [event] of log.read({ stream, types: ['host.booted'], limit: 1 })) {
    if (event?.type === 'host.booted' && event.data.policy !== null) return event.data.policy
  }
  throw new UsageError(`${stream}: no evidence tells the kernel's policy`, 'Give it with --policy.')
}

async function repeat(app: App, log: SqliteLog, path: string, options: ReplayOptions) {
  const before = reportToRepeat(path, readJson(path))
  const { request } = before
  const stream = await selectStream(log, { stream: request.stream })
  const manifest = readManifests(options.manifest ?? []).specs
  const now = await runReplay(app, { log, stream, manifest }, request)
  const differences = whatDiffers(before, now)
  await app.print(repeatText(app, before, differences))
  await writeReports(app, now, options.report ?? [])
  return differences.length === 0 ? exitCodes.fine : exitCodes.found
}
