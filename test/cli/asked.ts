import { type HandMade, handMade } from '../projections/hand-made.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'
import { klplog, type Outcome, type World } from './command-line.ts'

type OpenLog = Awaited<ReturnType<typeof handMade>>

/** A log to ask, and its questions as one types them: words between spaces. */
export interface Asked {
  readonly log: OpenLog
  /** Where the recording is; evidence names its files by it. */
  readonly directory: string
  run(line: string, world?: World): Promise<Outcome>
  /** What a line prints that must succeed without a word on standard error. */
  print(line: string, world?: World): Promise<string>
  dispose(): Promise<void>
}

/** A recording of the project, with all of its evidence. */
export async function askRecording(name: string): Promise<Asked> {
  const recording = recordings().find((one) => one.name === name)
  if (recording === undefined) throw new Error(`no recording ${name}`)
  const { log } = await ingestRecording(recording, () => true)
  return askLog(log, recording.path)
}

/** A history made by hand. */
export async function askHistory(facts: readonly HandMade[]): Promise<Asked> {
  return askLog(await handMade(facts), '')
}

function askLog(log: OpenLog, directory: string): Asked {
  const run = (line: string, { env = {}, ...world }: World = {}) =>
    klplog(line.split(' '), { ...world, env: { KLPLOG_DB: log.path, ...env } })
  const print = async (line: string, world?: World) => {
    const { exitCode, stdout, stderr } = await run(line, world)
    if (exitCode !== 0 || stderr !== '') throw new Error(`${line}: ${exitCode} ${stderr}`)
    return stdout
  }
  return { log, directory, run, print, dispose: () => log.dispose() }
}

/** The text without what another reader of the same evidence may count differently: positions in the log. */
export function unplaced(text: string): string {
  return text.replace(/@\d+/g, '@N')
}

/** Lines of a literal, each on a line of its own behind the first. */
export function lines(...text: readonly string[]): string {
  return `${text.join('\n')}\n`
}
