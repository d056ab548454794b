import type { Argument, Command, Option } from 'commander'

/** What a shell offers for a value: a list of words, files, or nothing that it could know. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'unknown' }

export interface CompletedOption {
  /** `-o`, where it has one. */
  readonly short: string | null
  /** `--output`. */
  readonly long: string
  readonly description: string
  /** Null: it takes no value. */
  readonly values: Values | null
  readonly repeatable: boolean
}

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** What its arguments are; null: it has none. */
  readonly argument: { readonly values: Values; readonly repeatable: boolean } | null
}

/** What a completion needs to know of the command line. */
export interface CompletionTree {
  readonly program: string
  /** Options that stand before the command's name or behind it. */
  readonly globals: readonly CompletedOption[]
  /** Options that stand instead of a command. */
  readonly own: readonly CompletedOption[]
  readonly commands: readonly CompletedCommand[]
}

/** Reads commander's own tree, so that no completion can tell of an option that is not there. */
export function completionTree(program: Command): CompletionTree {
  const help = program.createHelp()
  const optionsOf = (command: Command) => help.visibleOptions(command).map(completedOption)
  const commands = help.visibleCommands(program)
  const isOwn = ({ long }: CompletedOption) => long === '--version' || long === '--help'
  return {
    program: program.name(),
    globals: optionsOf(program).filter((option) => !isOwn(option)),
    own: optionsOf(program).filter(isOwn),
    commands: commands.map((command) => ({
      name: command.name(),
      summary: help.subcommandDescription(command),
      options: optionsOf(command).filter(({ long }) => command.name() !== 'help' || long !== '--help'),
      argument: completedArgument(command.registeredArguments, commands)
    }))
  }
}

function completedOption(option: Option): CompletedOption {
  const { short, long = '', flags, description, argChoices, required, optional, parseArg } = option
  const name = /[<[](.*?)[.>\]]/.exec(flags)?.[1] ?? ''
  return {
    short: short ?? null,
    long,
    description,
    values: required || optional ? valuesOf(argChoices, name) : null,
    // A parser that takes what was there before is one that collects; commander's own, of choices, does not.
    repeatable: argChoices === undefined && (parseArg?.length ?? 0) > 1
  }
}

function completedArgument(
  all: readonly Argument[],
  commands: readonly Command[]
): CompletedCommand['argument'] {
  const [first] = all
  if (first === undefined) return null
  const choices = first.name() === 'command' ? commands.map((command) => command.name()) : first.argChoices
  return { values: valuesOf(choices, first.name()), repeatable: first.variadic }
}

function valuesOf(choices: readonly string[] | undefined, name: string): Values {
  if (choices !== undefined) return { kind: 'words', words: choices }
  return { kind: ['file', 'paths'].includes(name) ? 'files' : 'unknown' }
}
