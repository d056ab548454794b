import type { Command } from 'commander'
import type { EventLog, StreamInfo } from '../events/index.ts'
import { fittingStreams, splitStream, streamAsked } from '../projections/index.ts'
import { typed } from './asker.ts'

/** What `withStream` has commander parse. */
export interface StreamOptions {
  readonly stream?: string
  readonly host?: string
  readonly boot?: string
  readonly allStreams?: boolean
}

/** Adds the options that choose a stream; `all` where a command can answer for several at once. */
export function withStream(
  command: Command,
  {
    all = false,
    allMeans = 'every boot of every host'
  }: { readonly all?: boolean; readonly allMeans?: string } = {}
): Command {
  command
    .option('--stream <name>', 'the boot of a host to ask about, or an unambiguous part of its name')
    .option('--host <name>', 'the host to ask about')
    .option('-b, --boot <id>', 'the boot: its id, 0 for the last one, -1 for the one before it')
  if (all) command.option('--all-streams', allMeans)
  return command
}

/**
 * The one stream that the options choose; the only one where the log has just one.
 * @throws QuestionError that lists the streams when none or several fit
 */
export function selectStream(log: Pick<EventLog, 'streams'>, options: StreamOptions): Promise<StreamInfo> {
  return streamAsked(typed, log, options)
}

/** The streams that the options choose: all that fit with --all-streams, else the one. */
export async function selectStreams(
  log: Pick<EventLog, 'streams'>,
  options: StreamOptions
): Promise<readonly StreamInfo[]> {
  if (options.allStreams === true) return fittingStreams(typed, await log.streams(), options)
  return [await selectStream(log, options)]
}

/** As `selectStreams`, but with --all-streams only the last boot of each host: the present. */
export async function selectHosts(
  log: Pick<EventLog, 'streams'>,
  options: StreamOptions
): Promise<readonly StreamInfo[]> {
  const streams = await selectStreams(log, options)
  const last = new Map(streams.map((info) => [splitStream(info.stream).host, info]))
  return [...last.values()]
}
