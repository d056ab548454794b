import type { Command } from 'commander'
import { App, type GlobalOptions } from './app.ts'
import type { ExitCode } from './errors.ts'
import type { Io } from './io.ts'

/** Where a command stands in the help. */
export type CommandGroup = 'Evidence in:' | 'Questions:' | 'The model:' | 'The log itself:' | 'klplog itself:'

/** A command as its author writes it. */
export interface CommandSpec<Options> {
  readonly name: string
  readonly group: CommandGroup
  /** One line for the list of commands. */
  readonly summary: string
  /** What the command's own help says first, in paragraphs; the summary when there is no more to say. */
  readonly description?: string
  /** Command lines, each with a comment where it does not speak for itself. At least one. */
  readonly examples: readonly string[]
  /** Adds arguments and options. */
  readonly define?: (command: Command) => void
  readonly run: (
    app: App,
    options: Options,
    args: readonly string[],
    program: Command
  ) => Promise<ExitCode | undefined>
}

/** A command as the program takes it. */
export interface CliCommand {
  readonly name: string
  addTo(program: Command, io: Io, done: (exitCode: ExitCode | undefined) => void): void
}

/** Makes a command of a spec; `Options` is what its `define` has commander parse. */
export function defineCommand<Options extends object = object>(spec: CommandSpec<Options>): CliCommand {
  return {
    name: spec.name,
    addTo(program, io, done) {
      const command = program
        .command(spec.name)
        .helpGroup(spec.group)
        .summary(spec.summary)
        .description(paragraphs(spec.description ?? spec.summary))
      spec.define?.(command)
      command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join('\n')}`)
      command.action(async () => {
        const options = command.optsWithGlobals<Options & GlobalOptions>()
        done(await spec.run(new App(io, options), options, command.args, program))
      })
    }
  }
}

/** The help fills lines to the terminal's width; an empty line parts paragraphs. */
function paragraphs(text: string): string {
  return text.replaceAll(/(?<!\n)\n(?!\n)/g, ' ')
}
