import { Command, CommanderError, type Option } from 'commander'
import { indented } from './app.ts'
import { commands } from './commands.ts'
import { type ExitCode, exitCodes, explain } from './errors.ts'
import { ClosedPipeError, type Io, write } from './io.ts'
import { version } from './version.ts'

/** Runs one command line, without the program's name; returns the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.fine
  // commander writes at once and does not wait, so what it says is kept and written at the end.
  const said = { out: '', err: '' }
  try {
    const program = buildProgram(argv, io, said, (code) => {
      exitCode = code ?? exitCodes.fine
    })
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof ClosedPipeError) return exitCodes.fine
    if (!(error instanceof CommanderError)) return complain(error, io)
    exitCode = error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
  }
  return finish(said, exitCode, io)
}

/** The whole tree of commands and options. */
function buildProgram(
  argv: readonly string[],
  io: Io,
  said: { out: string; err: string },
  done: (exitCode: ExitCode | undefined) => void
): Command {
  const program = new Command('klplog')
    .description('What was live-patched in a Linux kernel, what was hooked, and who ran what, at any moment.')
    .version(version(), '-V, --version', 'print the version')
    .option('--db <file>', 'the database (default: $KLPLOG_DB, else klplog/klplog.db in $XDG_DATA_HOME)')
    .option('--utc', 'read and print wall times in UTC')
    .helpOption('-h, --help', 'print this help')
    .commandsGroup('klplog itself:')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput(outputOf(io, said, argv))
    .addHelpText('after', closingHelp)
    .exitOverride()
  for (const command of commands) command.addTo(program, io, done)
  return program
}

/** With its choices, unless they are so many that the command explains them itself. */
function optionDescription(option: Option): string {
  const { description, argChoices = [] } = option
  const defaultValue: unknown = option.defaultValue
  const choices = argChoices.length > 0 && argChoices.length < 6 ? ` (${argChoices.join(', ')})` : ''
  return `${description}${choices}${typeof defaultValue === 'string' ? `; default: ${defaultValue}` : ''}`
}

function outputOf(io: Io, said: { out: string; err: string }, argv: readonly string[]) {
  return {
    writeOut: (text: string) => {
      said.out += text
    },
    writeErr: (text: string) => {
      said.err += text
    },
    outputError: (text: string, say: (text: string) => void) => say(usageMessage(text, argv)),
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stderr.columns ?? 80
  }
}

const closingHelp = `
Examples:
  klplog ingest /var/log/klp/host1          a directory of traces, dmesg, snapshots
  klplog stack --at "2026-11-20 14:03:07"   what was patched then
  klplog COMMAND --help                     each command's options and examples

Exit codes: 0 fine, 1 violations found, 2 usage, 3 bad input, 4 store trouble.`

/** commander's "error: …" in the words of our own errors. */
function usageMessage(text: string, argv: readonly string[]): string {
  const [first = '', suggestion] = text.trimEnd().split('\n')
  const command = commands.find(({ name }) => argv.includes(name))
  const help =
    command === undefined
      ? '`klplog --help` lists the commands.'
      : `\`klplog ${command.name} --help\` shows its arguments, options and examples.`
  const message = first.replace(/^error: /, '').replace(/\.$/, '')
  return `klplog: ${message}\n${indented(suggestion?.replace(/^\((.*)\)$/, '$1') ?? help)}\n`
}

async function finish(said: { out: string; err: string }, exitCode: ExitCode, io: Io): Promise<ExitCode> {
  try {
    if (said.out !== '') await write(io.stdout, said.out)
    if (said.err !== '') await write(io.stderr, said.err)
    return exitCode
  } catch (error) {
    if (error instanceof ClosedPipeError) return exitCode
    throw error
  }
}

/** Tells the user what went wrong and what to do; where in klplog it happened is for its developers only. */
async function complain(error: unknown, io: Io): Promise<ExitCode> {
  const { exitCode, message, hint } = explain(error)
  const stack = io.env.KLPLOG_DEBUG && error instanceof Error ? `${error.stack}\n` : ''
  return finish({ out: '', err: `klplog: ${message}\n${indented(hint)}\n${stack}` }, exitCode, io)
}
