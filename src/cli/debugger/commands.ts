import { UsageError } from '../errors.ts'
import type { DebugCommand, Said } from './debug-command.ts'
import { forking } from './forking.ts'
import { looking } from './looking.ts'
import { moving } from './moving.ts'
import type { Session } from './session.ts'
import { stopping } from './stopping.ts'

const help: DebugCommand = {
  name: 'help',
  aliases: ['h', '?'],
  args: '[COMMAND]',
  says: 'this list, or one command',
  repeats: false,
  run: async (_session, rest) => ({ text: helpText(rest) })
}

const quit: DebugCommand = {
  name: 'quit',
  aliases: ['q', 'exit'],
  args: '',
  says: 'leave the debugger (Ctrl-D does it too)',
  repeats: false,
  run: async () => ({ text: '', quits: true })
}

/** Every command of the debugger, in the order of its help. */
const debugCommands: readonly DebugCommand[] = [...moving, ...stopping, ...looking, ...forking, help, quit]

/**
 * The command that a word stands for: its name, an alias, or a beginning that no other command has.
 * @throws UsageError when it stands for none, or for several
 */
export function findDebugCommand(word: string): DebugCommand {
  const exact = debugCommands.find(({ name, aliases }) => name === word || aliases.includes(word))
  if (exact !== undefined) return exact
  const [first, ...others] = debugCommands.filter(({ name }) => name.startsWith(word))
  if (first !== undefined && others.length === 0) return first
  if (first === undefined) throw new UsageError(`there is no command "${word}"`, '`help` lists them.')
  const names = [first, ...others].map(({ name }) => name).join(', ')
  throw new UsageError(`"${word}" may be ${names}`, 'Write more of it.')
}

/** Does what a line says. */
export function runLine(session: Session, line: string): Promise<Said> {
  const [word = ''] = line.trim().split(/\s+/)
  return findDebugCommand(word).run(session, line.trim().slice(word.length).trim())
}

/** What may stand at the end of a line: readline's completer. */
export function completeLine(session: Session, line: string): [string[], string] {
  const words = line.trimStart().split(/\s+/)
  const last = words.at(-1) ?? ''
  if (words.length <= 1)
    return [debugCommands.map(({ name }) => name).filter((name) => name.startsWith(last)), last]
  try {
    const offered = findDebugCommand(words[0] ?? '').complete?.(session) ?? []
    return [[...new Set(offered)].filter((word) => word.startsWith(last)), last]
  } catch {
    return [[], last]
  }
}

function helpText(word: string): string {
  const shown = word === '' ? debugCommands : [findDebugCommand(word)]
  const heads = shown.map(({ name, args }) => `${name} ${args}`.trim())
  const width = Math.min(Math.max(...heads.map((head) => head.length)), 28)
  return shown
    .map(({ says, aliases }, n) => {
      const head = heads[n] as string
      const short = aliases.length === 0 ? '' : ` (${aliases.join(', ')})`
      const gap = head.length > width ? `\n${' '.repeat(width + 2)}` : ' '.repeat(width + 2 - head.length)
      return `${head}${gap}${says}${short}`
    })
    .join('\n')
}
