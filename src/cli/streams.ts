import type { Command } from 'commander'
import type { EventLog, StreamInfo } from '../events/index.ts'
import { UsageError } from './errors.ts'

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
 * @throws UsageError that lists the streams when none or several fit
 */
export async function selectStream(
  log: Pick<EventLog, 'streams'>,
  options: StreamOptions
): Promise<StreamInfo> {
  const [first, ...others] = fitting(await log.streams(), options)
  if (first === undefined) throw new UsageError('the log is empty', '`klplog ingest PATH` puts evidence in.')
  if (others.length === 0) return first
  const all = [first, ...others]
  const asked = [options.stream, options.host, options.boot].some((one) => one !== undefined)
  const what = asked ? `${all.length} streams fit` : `the log has ${all.length} streams`
  throw new UsageError(what, `Choose one with --stream, --host or --boot:\n${list(all)}`)
}

/** The streams that the options choose: all that fit with --all-streams, else the one. */
export async function selectStreams(
  log: Pick<EventLog, 'streams'>,
  options: StreamOptions
): Promise<readonly StreamInfo[]> {
  if (options.allStreams === true) return fitting(await log.streams(), options)
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

/** `<host>/<boot>`; a host may have slashes, a boot id has none. */
function splitStream(stream: string): { readonly host: string; readonly boot: string } {
  const slash = stream.lastIndexOf('/')
  return { host: stream.slice(0, Math.max(slash, 0)), boot: stream.slice(slash + 1) }
}

function fitting(all: readonly StreamInfo[], { stream, host, boot }: StreamOptions): readonly StreamInfo[] {
  const isNamed = [stream, host, boot].some((one) => one !== undefined)
  let left = isNamed ? all : withEvents(all)
  if (stream !== undefined) left = exactOrPart(left, stream, (info) => info.stream)
  if (host !== undefined) left = exactOrPart(left, host, (info) => splitStream(info.stream).host)
  if (boot !== undefined) left = ofBoot(left, boot)
  if (left.length > 0 || all.length === 0) return left
  const asked = [
    stream === undefined ? '' : ` --stream ${stream}`,
    host === undefined ? '' : ` --host ${host}`,
    boot === undefined ? '' : ` --boot ${boot}`
  ].join('')
  throw new UsageError(`no stream fits${asked}`, `The log has:\n${list(all)}`)
}

/** A stream that only rejected evidence names has nothing to tell, unless there is no other. */
function withEvents(all: readonly StreamInfo[]): readonly StreamInfo[] {
  const told = all.filter((info) => info.revision > 0)
  return told.length > 0 ? told : all
}

function exactOrPart(
  streams: readonly StreamInfo[],
  asked: string,
  part: (info: StreamInfo) => string
): readonly StreamInfo[] {
  const exact = streams.filter((info) => part(info) === asked)
  return exact.length > 0 ? exact : streams.filter((info) => part(info).includes(asked))
}

/** As journalctl: an id or its part, or an offset: 0 is a host's last boot, -1 the one before, 1 the first. */
function ofBoot(streams: readonly StreamInfo[], asked: string): readonly StreamInfo[] {
  const exact = streams.filter((info) => splitStream(info.stream).boot === asked)
  if (exact.length > 0) return exact
  if (!/^[+-]?\d{1,6}$/.test(asked)) {
    return streams.filter((info) => splitStream(info.stream).boot.startsWith(asked))
  }
  const offset = Number(asked)
  const hosts = new Set(streams.map((info) => splitStream(info.stream).host))
  return [...hosts].flatMap((host) => {
    const boots = streams.filter((info) => splitStream(info.stream).host === host)
    return boots.at(offset - 1) ?? []
  })
}

function list(streams: readonly StreamInfo[]): string {
  return streams.map((info) => `  ${info.stream}`).join('\n')
}
