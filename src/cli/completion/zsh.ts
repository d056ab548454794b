import type { CompletedCommand, CompletedOption, CompletionTree, Values } from './tree.ts'

/** A completion script for zsh, to be sourced or put into a directory of fpath as `_klplog`. */
export function zshCompletion({ program, globals, own, commands }: CompletionTree): string {
  const globalSpecs = [...own, ...globals].flatMap(optionSpecs)
  const list = commands.map(({ name, summary }) => `        ${quoted(`${escaped(name)}:${summary}`)}`)
  const cases = commands.map((command) => commandCase(command, globals))
  return `#compdef ${program}
# Completion of ${program} for zsh. Load it with: source <(${program} completion zsh)

_${program}() {
  local curcontext="$curcontext" state state_descr line
  typeset -A opt_args

  _arguments -C \\
${globalSpecs.map((spec) => `    ${spec} \\`).join('\n')}
    '1:command:->command' \\
    '*::argument:->argument'

  case $state in
    command)
      local -a commands=(
${list.join('\n')}
      )
      _describe -t commands command commands
      ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _${program} ]]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`
}

function commandCase(
  { name, options, argument }: CompletedCommand,
  globals: readonly CompletedOption[]
): string {
  const specs = [...options, ...globals].flatMap(optionSpecs)
  if (argument !== null) {
    specs.push(quoted(`${argument.repeatable ? '*' : '1'}:argument:${action(argument.values)}`))
  }
  return `        ${name})\n          _arguments \\\n${specs.map((spec) => `            ${spec}`).join(' \\\n')}\n          ;;`
}

/** One spec for each of its names, each excluding both unless it may be given again. */
function optionSpecs({ short, long, description, values, repeatable }: CompletedOption): string[] {
  const names = short === null ? [long] : [short, long]
  const exclusion = repeatable ? '*' : `(${names.join(' ')})`
  const value = values === null ? '' : `:value:${action(values)}`
  return names.map((name) => {
    const equals = values !== null && name.startsWith('--') ? '=' : ''
    return quoted(`${exclusion}${name}${equals}[${escaped(description)}]${value}`)
  })
}

function action(values: Values): string {
  if (values.kind === 'files') return '_files'
  return values.kind === 'words' ? `(${values.words.join(' ')})` : ' '
}

/** Characters that part a spec's fields. */
function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
