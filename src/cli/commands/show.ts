import type { StoredEvent } from '../../events/index.ts'
import { eventSentence, shownEvent } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { UsageError } from '../errors.ts'
import { byWhom, eventHeadline } from '../event-output.ts'
import { type OutputOptions, printAnswer, toJson, visible, withOutput } from '../output.ts'

/** `klplog show`: one event with the evidence that it came from. */
export const show = defineCommand<OutputOptions>({
  name: 'show',
  group: 'Questions:',
  summary: 'show one event with its data and its evidence',
  examples: ['klplog show @98', 'klplog show 98 -o json'],
  define: (command) => {
    withOutput(command).argument('<position>', 'the place of the event in the log: 98 or @98')
  },
  run: (app, options, [asked = '']) =>
    withLog(app, async (log) => {
      const position = parsePosition(asked)
      for await (const [event] of log.read({ after: position - 1, upTo: position })) {
        if (event?.position === position) {
          await printAnswer(app, options, shownEvent(event), () => textOf(app, event))
          return undefined
        }
      }
      const last = Math.max(0, ...(await log.streams()).map(({ lastPosition }) => lastPosition))
      throw new UsageError(`there is no event @${position}`, `The log ends at @${last}.`)
    })
})

function parsePosition(text: string): number {
  const digits = text.startsWith('@') ? text.slice(1) : text
  if (/^[1-9]\d{0,14}$/.test(digits)) return Number(digits)
  throw new UsageError(`"${text}" is no position`, 'Positions count from 1; `klplog log` shows them.')
}

function textOf(app: App, event: StoredEvent): string {
  const { colors } = app
  const { stream, revision, version, evidence, data } = event
  const by = byWhom(event)
  const lines = [eventHeadline(app, event), `    ${visible(eventSentence(event))}`]
  if (by !== null) lines.push(`    by ${visible(by)}`)
  lines.push('', `stream    ${visible(stream)}, revision ${revision}; ${event.type} version ${version}`)
  // Line 0 is the source as a whole.
  lines.push(`evidence  ${visible(evidence.source)}${evidence.line === 0 ? '' : `:${evidence.line}`}`)
  if (evidence.inferred === true) {
    lines.push(colors.yellow("          inferred: it follows from this line by the kernel's rules"))
  }
  if (evidence.latin1 === true) {
    lines.push(colors.yellow('          not UTF-8: shown one character a byte'))
  }
  lines.push(`          ${colors.dim(visible(evidence.raw))}`, '', visibleLines(toJson(data, true)))
  return lines.join('\n')
}

function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}
