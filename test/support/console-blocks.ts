import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const fence = /^```console\n([\s\S]*?)^```$/gm

/**
 * Runs the commands (`$ …`) of a document's console blocks in their order, all on one new database, and puts
 * what they print behind each: the document as it must be.
 */
export function withRealOutput(document: string, root: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'klplog-readme-'))
  try {
    const env = { ...process.env, KLPLOG_DB: join(directory, 'klplog.db'), NO_COLOR: '1' }
    return document.replace(fence, (_block, body: string) => {
      const commands = body.split('\n').filter((line) => line.startsWith('$ '))
      const printed = commands.map((command) => `${command}\n${run(command.slice(2), root, env)}`)
      return `\`\`\`console\n${printed.join('\n')}\`\`\``
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function run(command: string, root: string, env: NodeJS.ProcessEnv): string {
  const script = `klplog() { node --import tsx src/cli/start.ts "$@"; }; ${command} 2>&1`
  return execFileSync('sh', ['-c', script], { cwd: root, env, encoding: 'utf8' })
}
