import { type StreamRow, seconds, streamRows } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { type OutputOptions, printAnswer, table, wallTime, withOutput } from '../output.ts'

/** `klplog streams`: what the log has. */
export const streams = defineCommand<OutputOptions>({
  name: 'streams',
  group: 'The log itself:',
  summary: 'list the boots of hosts that the log has',
  examples: ['klplog streams', 'klplog streams -o json'],
  define: (command) => {
    withOutput(command)
  },
  run: (app, options) =>
    withLog(app, async (log) => {
      const rows = await streamRows(log)
      await printAnswer(app, options, rows, () => streamTable(app, rows))
      return undefined
    })
})

function streamTable(app: App, rows: readonly StreamRow[]): string {
  const columns = [
    { head: 'STREAM' },
    { head: 'EVENTS', align: 'right' },
    { head: 'REJECTED', align: 'right' },
    { head: 'POSITIONS' },
    { head: 'LAST EVENT', align: 'right' },
    { head: 'BOOTED' }
  ] as const
  const cells = rows.map((row) => [
    { value: row.stream, color: app.colors.cyan },
    row.events,
    { value: row.rejected, color: row.rejected > 0 ? app.colors.yellow : String },
    row.events === 0 ? null : `@${row.firstPosition}..@${row.lastPosition}`,
    row.events === 0 ? null : `+${seconds(row.lastNs)}`,
    row.bootTimeNs === null ? null : wallTime(BigInt(row.bootTimeNs), app)
  ])
  return table(app, columns, cells)
}
