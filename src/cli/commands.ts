import type { CliCommand } from './command.ts'
import { streams } from './commands/streams.ts'

/** Every command, in the order of the help. */
export const commands: readonly CliCommand[] = [streams]
