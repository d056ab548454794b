import type { CompletedOption, CompletionTree, Values } from './tree.ts'

/** A completion script for bash 4 and newer. */
export function bashCompletion(tree: CompletionTree): string {
  const { program, globals, own, commands } = tree
  const valued = globals.filter((option) => option.values !== null)
  const words = commands.map(({ name, options, argument }) => {
    const names = [...options, ...globals].flatMap(namesOf).join(' ')
    return `    ${name}) options='${names}'; ${offer(argument?.values ?? { kind: 'unknown' })} ;;`
  })
  return `# Completion of ${program} for bash. Load it with: source <(${program} completion bash)

_${program}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= options= words= files= i
  # bash has made words of their own of the = in --option=value.
  [[ $cur == = ]] && cur=
  [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD - 2]}
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valued.flatMap(namesOf).join(' | ')}) [[ \${COMP_WORDS[++i]} == = ]] && ((i++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done

  case $command:$prev in
${valueCases(tree).join('\n')}
    *) _${program}_arguments ;;
  esac

  if [[ -n $files ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  fi
}

# Sets the words of its caller to what may stand where no option's value is due.
_${program}_arguments() {
  case $command in
    '') options='${[...own, ...globals].flatMap(namesOf).join(' ')}'; words='${commands.map(({ name }) => name).join(' ')}' ;;
${words.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    words=$options files=
  fi
}

complete -F _${program} ${program}
`
}

/** What to offer behind which options, each offer once. */
function valueCases({ globals, commands }: CompletionTree): string[] {
  const patternsOf = new Map<string, string[]>()
  for (const { name, options } of [{ name: '*', options: globals }, ...commands]) {
    for (const option of options) {
      if (option.values === null) continue
      const patterns = namesOf(option).map((one) => `${name}:${one}`)
      const offered = offer(option.values)
      patternsOf.set(offered, [...(patternsOf.get(offered) ?? []), ...patterns])
    }
  }
  return [...patternsOf].map(([offered, patterns]) => `    ${patterns.join(' | ')}) ${offered} ;;`)
}

function offer(values: Values): string {
  if (values.kind === 'files') return 'files=yes'
  return values.kind === 'words' ? `words='${values.words.join(' ')}'` : 'words='
}

function namesOf({ short, long }: CompletedOption): string[] {
  return short === null ? [long] : [short, long]
}
