import type { RejectedEvidence, SqliteLog } from '../../events/index.ts'
import type { App } from '../app.ts'
import { indented } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { type OutputOptions, printRows, visible, withOutput } from '../output.ts'
import { type StreamOptions, selectStreams, withStream } from '../streams.ts'

type RejectedOptions = OutputOptions & StreamOptions

/** `klplog rejected`: the lines that were not understood. */
export const rejected = defineCommand<RejectedOptions>({
  name: 'rejected',
  group: 'Evidence in:',
  summary: 'list the lines of evidence that were not understood, and why',
  examples: ['klplog rejected', 'klplog rejected --host host1 -o jsonl'],
  define: (command) => {
    withStream(command)
    withOutput(command)
  },
  run: (app, options) =>
    withLog(app, async (log) => {
      const { stream, host, boot } = options
      const isNamed = [stream, host, boot].some((one) => one !== undefined)
      const chosen = isNamed ? await selectStreams(log, { ...options, allStreams: true }) : null
      const rows = pages(log, chosen?.map((info) => info.stream) ?? null)
      const count = await printRows(app, options, rows, (row) => text(app, row))
      if (count === 0) await app.note('every line was understood')
      return undefined
    })
})

/** Null: of all streams, and what is of none. */
async function* pages(log: SqliteLog, streams: readonly string[] | null) {
  for (const stream of streams ?? [null]) {
    let afterId = 0
    for (;;) {
      const page = await log.rejected({ ...(stream === null ? {} : { stream }), afterId })
      const last = page.at(-1)
      if (last === undefined) break
      afterId = last.id
      yield page
    }
  }
}

/** As grep and compilers name a place. */
function text({ colors }: App, { source, line, reason, raw }: RejectedEvidence): string {
  const place = colors.cyan(`${visible(source)}:${line}:`)
  const lines = raw.split('\n').map(visible).join('\n')
  return `${place} ${visible(reason)}\n${colors.dim(indented(indented(lines)))}`
}
