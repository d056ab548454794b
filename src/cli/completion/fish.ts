import type { CompletedOption, CompletionTree, Values } from './tree.ts'

/** A completion script for fish, to be sourced or put into ~/.config/fish/completions. */
export function fishCompletion({ program, globals, own, commands }: CompletionTree): string {
  const complete = (...rest: readonly string[]) => ['complete', '-c', program, ...rest].join(' ')
  const lines = [
    `# Completion of ${program} for fish. Load it with: ${program} completion fish | source`,
    '',
    complete('-f'),
    ...own.map((option) => complete('-n', '__fish_use_subcommand', ...optionWords(option))),
    ...globals.map((option) => complete(...optionWords(option)))
  ]
  for (const { name, summary } of commands) {
    lines.push(complete('-n', '__fish_use_subcommand', '-a', name, '-d', quoted(summary)))
  }
  for (const { name, options, argument } of commands) {
    const within = ['-n', quoted(`__fish_seen_subcommand_from ${name}`)]
    lines.push(...options.map((option) => complete(...within, ...optionWords(option))))
    const values = argument?.values
    if (values?.kind === 'files') lines.push(complete(...within, '-F'))
    else if (values?.kind === 'words') lines.push(complete(...within, '-a', quoted(values.words.join(' '))))
  }
  return `${lines.join('\n')}\n`
}

function optionWords({ short, long, description, values }: CompletedOption): string[] {
  const names = [...(short === null ? [] : ['-s', short.slice(1)]), '-l', long.slice(2)]
  return [...names, ...(values === null ? [] : valueWords(values)), '-d', quoted(description)]
}

function valueWords(values: Values): string[] {
  if (values.kind === 'files') return ['-r', '-F']
  return values.kind === 'words' ? ['-x', '-a', quoted(values.words.join(' '))] : ['-x']
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}
