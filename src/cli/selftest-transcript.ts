import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Policy } from '../events/index.ts'
import {
  checkTranscript,
  readSelftestModules,
  readTranscript,
  rulesOf,
  type SelftestModules,
  traitsOf
} from '../replay/index.ts'
import type { App } from './app.ts'
import { type ExitCode, exitCodes, InputError, UsageError } from './errors.ts'
import { parseJson } from './json-file.ts'
import { toJson, visible } from './output.ts'

interface TranscriptOptions {
  readonly format: 'table' | 'json' | 'dmesg' | 'log'
  readonly policy?: Policy
  readonly kernel?: keyof typeof traitsOf
}

/** Compares a transcript with the log that the model predicts for its script, or prints that. */
export async function simulateTranscript(
  app: App,
  { format, policy, kernel = '7.2' }: TranscriptOptions,
  path: string,
  json: unknown
): Promise<ExitCode | undefined> {
  if (format === 'log') {
    throw new UsageError('a transcript is not put into the database', 'Only a scenario is; see -o dmesg.')
  }
  const transcript = readTranscript(json)
  const rules = rulesOf[policy ?? (transcript.isReplaceSet ? 'replace-set' : 'mainline')]
  const traits = traitsOf[kernel]
  const { lines, echoed, difference } = checkTranscript(transcript, modulesFor(path), { rules, traits })
  for (const name of echoed) {
    await app.warn(
      `${name} tests an API that is not modelled`,
      'Its own lines are taken from the transcript.'
    )
  }
  if (format === 'dmesg') await app.print(lines.join('\n'))
  else if (format === 'json') {
    await app.print(
      toJson({
        test: transcript.test,
        policy: rules.name,
        ok: difference === null,
        lines,
        echoed,
        difference
      })
    )
  } else if (difference === null) {
    await app.print(
      `${transcript.test} (${rules.name}): all ${lines.length} lines are as the model predicts them`
    )
  } else {
    const { line, expected, predicted } = difference
    await app.print(
      `${transcript.test} (${rules.name}): line ${line} differs\n` +
        `- ${visible(expected ?? 'nothing more')}\n+ ${visible(predicted ?? 'nothing more')}`
    )
  }
  return difference === null ? undefined : exitCodes.found
}

/** modules.json beside the transcript, or beside its directory. */
function modulesFor(path: string): SelftestModules {
  const places = [join(dirname(path), 'modules.json'), join(dirname(path), '..', 'modules.json')]
  for (const place of places) {
    let text: string
    try {
      text = readFileSync(place, 'utf8')
    } catch {
      continue
    }
    return readSelftestModules(parseJson(place, text))
  }
  throw new InputError(
    `${places[0]} does not exist`,
    'It says what the test modules are; put it beside the transcript.'
  )
}
