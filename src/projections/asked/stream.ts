import type { EventLog, StreamInfo } from '../../events/index.ts'
import type { Asker } from './asker.ts'
import { QuestionError } from './question-error.ts'

/** A stream as it was asked for; nothing asked is the only one. */
export interface StreamAsked {
  /** Its name, or a part of it. */
  readonly stream?: string | undefined
  readonly host?: string | undefined
  /** The boot's id, or 0 for the last one, -1 for the one before it. */
  readonly boot?: string | undefined
}

/**
 * The one stream that fits; the only one where the log has just one.
 * @throws QuestionError that lists the streams when none or several fit
 */
export async function streamAsked(
  asker: Pick<Asker, 'option'>,
  log: Pick<EventLog, 'streams'>,
  asked: StreamAsked
): Promise<StreamInfo> {
  const [first, ...others] = fittingStreams(asker, await log.streams(), asked)
  if (first === undefined) {
    throw new QuestionError('the log is empty', '`klplog ingest PATH` puts evidence in.')
  }
  if (others.length === 0) return first
  const all = [first, ...others]
  const isNamed = [asked.stream, asked.host, asked.boot].some((one) => one !== undefined)
  const what = isNamed ? `${all.length} streams fit` : `the log has ${all.length} streams`
  const [stream, host, boot] = ['stream', 'host', 'boot'].map(asker.option)
  throw new QuestionError(what, `Choose one with ${stream}, ${host} or ${boot}:\n${list(all)}`)
}

/** `<host>/<boot>`; a host may have slashes, a boot id has none. */
export function splitStream(stream: string): { readonly host: string; readonly boot: string } {
  const slash = stream.lastIndexOf('/')
  return { host: stream.slice(0, Math.max(slash, 0)), boot: stream.slice(slash + 1) }
}

/**
 * The streams that fit what was asked, all that have events where nothing was.
 * @throws QuestionError that lists the streams when none fits
 */
export function fittingStreams(
  asker: Pick<Asker, 'option'>,
  all: readonly StreamInfo[],
  { stream, host, boot }: StreamAsked
): readonly StreamInfo[] {
  const isNamed = [stream, host, boot].some((one) => one !== undefined)
  let left = isNamed ? all : withEvents(all)
  if (stream !== undefined) left = exactOrPart(left, stream, (info) => info.stream)
  if (host !== undefined) left = exactOrPart(left, host, (info) => splitStream(info.stream).host)
  if (boot !== undefined) left = ofBoot(left, boot)
  if (left.length > 0 || all.length === 0) return left
  const asked = [
    stream === undefined ? '' : ` ${asker.option('stream')} ${stream}`,
    host === undefined ? '' : ` ${asker.option('host')} ${host}`,
    boot === undefined ? '' : ` ${asker.option('boot')} ${boot}`
  ].join('')
  throw new QuestionError(`no stream fits${asked}`, `The log has:\n${list(all)}`)
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
