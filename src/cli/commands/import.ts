import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { type ImportResult, importLog } from '../../events/index.ts'
import { defineCommand } from '../command.ts'
import { withWritableLog } from '../database.ts'
import { textLines } from '../lines.ts'
import { counted, type OutputOptions, printAnswer, withOutput } from '../output.ts'

/** `klplog import`: an exported log in. */
export const importCommand = defineCommand<OutputOptions>({
  name: 'import',
  group: 'The log itself:',
  summary: 'read a log that `klplog export` wrote',
  description: `Appends an exported log commit by commit, with the same positions and digests, into an empty
log or one that has its beginning. What is there already is skipped, so an import that was interrupted is
continued by the same command.`,
  examples: ['klplog import klplog.jsonl --db copy.db', 'zstdcat klplog.jsonl.zst | klplog import -'],
  define: (command) => {
    command.argument('<file>', 'what `klplog export` wrote; - for standard input')
    withOutput(command)
  },
  run: async (app, options, [file = '-']) => {
    // No database is made for a file that is not there.
    if (file !== '-') await (await open(file)).close()
    const result = await withWritableLog(app, { make: true }, (log) =>
      importLog(log, textLines(file === '-' ? app.io.stdin : createReadStream(file)))
    )
    await printAnswer(app, options, result, () => resultText(result))
    return undefined
  }
})

function resultText({ commits, written, events, rejected, head }: ImportResult): string {
  const all = `${counted(events, 'event')} in ${counted(commits, 'commit')}, ${written} of them new`
  return `${all}; ${counted(rejected, 'rejected line')}\nhead ${head}`
}
