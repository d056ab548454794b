import { type Command, Option } from 'commander'
import { momentForms, type RangeAsked } from '../projections/index.ts'

/** What `withAt` has commander parse. */
export interface AtOptions {
  readonly at?: string
}

/** What `withRange` has commander parse. */
export interface RangeOptions {
  readonly since?: string
  readonly start?: string
  readonly until?: string
  readonly end?: string
}

/** Adds `--at`. */
export function withAt(command: Command): Command {
  return command.option('--at <time>', `the moment to ask about: ${momentForms} Default: the last event.`)
}

/** Adds `--since` and `--until`, and what ausearch calls them. */
export function withRange(command: Command): Command {
  return command
    .option('-S, --since <time>', 'from this moment on (also --start); written as --at is')
    .option('-U, --until <time>', 'up to this moment (also --end)')
    .addOption(new Option('--start <time>').hideHelp())
    .addOption(new Option('--end <time>').hideHelp())
}

/** The range that the options mean, under either name of its ends. */
export function rangeOptions({ since, start, until, end }: RangeOptions): RangeAsked {
  return { since: since ?? start, until: until ?? end }
}
