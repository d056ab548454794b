import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { exportLog, type SqliteLog } from '../../events/index.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { InputError } from '../errors.ts'
import { write, writeLines } from '../io.ts'

interface ExportOptions {
  readonly force?: boolean
}

/** `klplog export`: the log as JSON lines. */
export const exportCommand = defineCommand<ExportOptions>({
  name: 'export',
  group: 'The log itself:',
  summary: 'write the whole log as JSON lines',
  description: `Writes every event, every commit with its digest, and all rejected evidence as JSON lines, which
\`klplog import\` makes the same log of again.`,
  examples: [
    'klplog export klplog.jsonl',
    'klplog export | zstd > klplog.jsonl.zst',
    'klplog export | ssh host2 klplog import -'
  ],
  define: (command) => {
    command.argument('[file]', 'where to; standard output when left out')
    command.option('-f, --force', 'replace the file when it exists')
  },
  run: (app, { force = false }, [file = '-']) =>
    withLog(app, async (log) => {
      if (file === '-') {
        await writeLines(app.io.stdout, exportLog(log))
        return undefined
      }
      if (!force && existsSync(file)) {
        throw new InputError(`${file} exists already`, 'Give another name, or --force to replace it.')
      }
      await exportToFile(log, file)
      return undefined
    })
})

/** Under another name until it is whole, so that no half export is ever taken for one. */
async function exportToFile(log: SqliteLog, file: string): Promise<void> {
  const partial = `${file}.partial`
  const output = createWriteStream(partial, { flush: true })
  // Errors also reach whoever writes; without a listener they would end the process.
  output.on('error', () => {})
  try {
    await write(output, '')
    await writeLines(output, exportLog(log))
    output.end()
    await finished(output)
    await rename(partial, file)
  } catch (error) {
    output.destroy()
    await rm(partial, { force: true })
    throw error
  }
}
