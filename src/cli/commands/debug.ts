import { readFile } from 'node:fs/promises'
import type { StoredEvent } from '../../events/index.ts'
import { positionAsked } from '../../projections/index.ts'
import { defineCommand } from '../command.ts'
import { placeText } from '../debugger/place-text.ts'
import { readCommands, runCommands } from '../debugger/repl.ts'
import { Session } from '../debugger/session.ts'
import { ask, type Question } from '../question.ts'
import { type AtOptions, withAt } from '../stream-time.ts'
import { type StreamOptions, withStream } from '../streams.ts'

interface DebugOptions extends StreamOptions, AtOptions {
  readonly batch?: boolean
  readonly command?: string
  readonly ex?: readonly string[]
}

/** `klplog debug`: walk in a history, either way. */
export const debug = defineCommand<DebugOptions>({
  name: 'debug',
  group: 'Questions:',
  summary: 'walk in a history, forth and back, with breakpoints and watchpoints',
  description: `A debugger over a history, with gdb's words: step, reverse-step, continue, reverse-continue, break,
watch, print, info, list; and why: the chain of events that put a hook where it stands. It begins at --at, or at
the end. \`help\` lists the commands; an empty line does the last one again.`,
  examples: [
    'klplog debug --at +20',
    "klplog debug --batch --ex 'why ov'",
    'klplog debug --batch -x FILE        the commands of a file, then leave'
  ],
  define: (command) => {
    withAt(withStream(command))
      .option(
        '--batch',
        'leave behind the commands of -x and --ex; the first that fails ends it with an error'
      )
      .option('-x, --command <file>', 'run the commands in this file first')
      .option(
        '--ex <command>',
        'run this command first; may be given again',
        (one: string, before?: readonly string[]) => [...(before ?? []), one]
      )
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const text = [
        options.command === undefined ? '' : await readFile(options.command, 'utf8'),
        ...(options.ex ?? [])
      ].join('\n')
      const session = new Session(app, question, await historyOf(question))
      session.cursor.goto(
        session.cursor.placeOf(await positionAsked(app.asker, question.log, question.stream, options.at))
      )
      const batch = options.batch === true
      if (!batch) {
        await app.print(
          `${question.stream.stream}: ${session.cursor.end} events. \`help\` lists the commands.`
        )
        await app.print(placeText(session))
      }
      const left = await runCommands(session, text)
      const isAsked = options.command !== undefined || options.ex !== undefined
      if (!left && !(batch && isAsked)) await readCommands(session, { batch })
    })
})

/** The whole stream: whoever walks in it goes anywhere. */
async function historyOf({ log, stream }: Question): Promise<StoredEvent[]> {
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream: stream.stream })) history.push(...page)
  return history
}
