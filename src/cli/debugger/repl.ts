import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { QuestionError } from '../../projections/index.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { completeLine, findDebugCommand, runLine } from './commands.ts'
import type { Session } from './session.ts'

const prompt = '(klp) '

const historyMax = 1000

/**
 * Reads commands from a person, or line by line from a pipe. What a command cannot do is said and the next is read;
 * in a batch the first that fails ends it, for what follows would build on it.
 */
export async function readCommands(session: Session, options: { readonly batch: boolean }): Promise<void> {
  const { io } = session.app
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true && !options.batch
  const historyFile = isTerminal ? historyPath(io.env) : null
  const lines = createInterface({
    input: io.stdin,
    ...(isTerminal ? { output: io.stdout, prompt } : {}),
    terminal: isTerminal,
    history: historyFile === null ? [] : readHistory(historyFile),
    historySize: historyMax,
    removeHistoryDuplicates: true,
    completer: (line: string) => completeLine(session, line)
  })
  let kept: string[] = []
  lines.on('history', (history) => {
    kept = history
  })
  // Ctrl-C gives up the line, as in gdb; Ctrl-D leaves.
  lines.on('SIGINT', () => {
    io.stdout.write('\n')
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    lines.prompt()
  })
  const repeat = new Repeat()
  if (isTerminal) lines.prompt()
  for await (const line of lines) {
    if (await answer(session, repeat.line(line), options)) break
    if (isTerminal) lines.prompt()
  }
  lines.close()
  if (historyFile !== null) writeHistory(historyFile, kept)
}

/** Runs the commands of a text, each line one; # begins a comment. Returns whether one of them left the debugger. */
export async function runCommands(session: Session, text: string): Promise<boolean> {
  for (const line of text.split('\n')) if (await answer(session, line, { batch: true })) return true
  return false
}

/** Says what a line came to; true when the debugger is to end. */
async function answer(
  session: Session,
  line: string,
  { batch }: { readonly batch: boolean }
): Promise<boolean> {
  const command = line.replace(/^\s*#.*/, '').trim()
  if (command === '') return false
  try {
    const { text, quits = false } = await runLine(session, command)
    if (text !== '') await session.app.print(text)
    return quits
  } catch (error) {
    if (batch || !(error instanceof CliError || error instanceof QuestionError)) throw error
    await session.app.note(`${error.message}\n  ${error.hint}`)
    return false
  }
}

/** An empty line does the last command again, where that makes sense. */
class Repeat {
  #last = ''

  line(line: string): string {
    if (line.trim() === '') return this.#last
    this.#last = ''
    try {
      if (findDebugCommand(line.trim().split(/\s+/)[0] ?? '').repeats) this.#last = line
    } catch {
      // What is no command is not repeated; it is complained about when it is run.
    }
    return line
  }
}

/** The XDG state directory, which is for histories. */
function historyPath({ XDG_STATE_HOME: given, HOME: home = homedir() }: Io['env']): string {
  const base = given !== undefined && isAbsolute(given) ? given : join(home, '.local', 'state')
  return join(base, 'klplog', 'debug-history')
}

function readHistory(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

/** A history that cannot be kept is no reason to fail. */
function writeHistory(path: string, lines: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${lines.slice(0, historyMax).join('\n')}\n`, { mode: 0o600 })
  } catch {
    return
  }
}
