import { existsSync } from 'node:fs'
import { Option } from 'commander'
import type { Policy, SqliteLog, StreamInfo } from '../../events/index.ts'
import { timelineLines } from '../../projections/index.ts'
import { recordedViolations, rulesOf, whatIfTimeline } from '../../replay/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { InputError, UsageError } from '../errors.ts'
import { counted } from '../output.ts'
import { writeReport } from '../report-file.ts'
import { type StreamOptions, selectStream, withStream } from '../streams.ts'

interface ReportOptions extends StreamOptions {
  readonly html?: string
  readonly beside?: string
  readonly policy?: Policy
  readonly force?: boolean
}

/** `klplog report`: a stream's timeline as a page of one file. */
export const report = defineCommand<ReportOptions>({
  name: 'report',
  group: 'Questions:',
  summary: 'write a timeline to look at, as one HTML file',
  description: `Writes a page that shows the whole history of a boot: lanes of patches, functions and hooks with
what calls run, gaps and broken invariants, a cursor to drag, the state at the cursor, and every event with its evidence.

The file needs nothing but a browser: it can be mailed, and it asks nothing of any network.`,
  examples: [
    'klplog report --html timeline.html',
    'klplog report --html /tmp/host1.html --host host1 --boot -1 --force',
    'klplog report --html two.html --stream host1 --beside host2',
    'klplog report --html other.html --policy replace-set    and what another policy would have made of it'
  ],
  define: (command) => {
    withStream(command)
      .option('--html <file>', 'where to')
      .option(
        '--beside <stream>',
        'another boot to compare with, under the first one, and where the two part'
      )
      .addOption(
        new Option(
          '--policy <name>',
          'what the same operations would have come to under this policy, under the recorded history'
        ).choices(Object.keys(rulesOf))
      )
      .option('-f, --force', 'replace the file when it exists')
  },
  run: (app, options) =>
    withLog(app, async (log) => {
      const { html, force = false } = options
      if (html === undefined) throw new UsageError('no file is given', 'Say where to: --html FILE.')
      if (!force && existsSync(html)) {
        throw new InputError(`${html} exists already`, 'Give another name, or --force to replace it.')
      }
      const stream = await selectStream(log, options)
      await writeReport(html, stream.stream, timelines(app, log, stream, options))
      await app.note(`${html}: ${stream.stream}, ${counted(stream.revision, 'event')}. Open it in a browser.`)
      return undefined
    })
})

/** One timeline, then the one to compare with: a head begins each. */
async function* timelines(
  app: App,
  log: SqliteLog,
  stream: StreamInfo,
  { beside, policy }: ReportOptions
): AsyncGenerator<string> {
  yield* timelineLines(log, stream, await recordedViolations(log, stream))
  if (beside !== undefined) {
    const other = await selectStream(log, { stream: beside })
    yield* timelineLines(log, other, await recordedViolations(log, other))
  }
  if (policy === undefined) return
  yield* whatIfTimeline(app.asker, log, stream, policy)
}
