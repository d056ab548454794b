import { Option } from 'commander'
import type { Policy, SqliteLog, StreamInfo } from '../../events/index.ts'
import { stateAt } from '../../projections/index.ts'
import { checkStream, findingRow, type Invariant, invariantsFor, rulesOf } from '../../replay/index.ts'
import type { App } from '../app.ts'
import { type CheckedStream, checkText } from '../check-text.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { exitCodes, InputError, UsageError } from '../errors.ts'
import { type OutputOptions, printAnswer, withOutput } from '../output.ts'
import { StreamTimes } from '../question.ts'
import { type StreamOptions, selectStreams, withStream } from '../streams.ts'

interface CheckOptions extends OutputOptions, StreamOptions {
  readonly policy?: Policy
  readonly invariant?: readonly string[]
}

/** `klplog check`: does what happened keep what the policy promises? */
export const check = defineCommand<CheckOptions>({
  name: 'check',
  group: 'Questions:',
  summary:
    'say where the recorded history broke an invariant, since when, for how long, and whose doing it was',
  description: `Runs the invariants of livepatch and its hooks over the recorded history, and says of every violation what is
wrong with whom, since when and for how long, who did it, what shows it, what it changed, and until when it could
still have been avoided, as the model of the kernel has it.

A broken promise is an invariant that the policy is to keep; a hazard is one that the policy never promised. A program
that was detached before its patch went has lost nothing. The exit code is 1 when something is found.`,
  examples: [
    'klplog check',
    'klplog check --invariant K6 --invariant S15',
    'klplog check --policy replace-set      what another policy promises, of this history',
    'klplog check --all-streams -o json'
  ],
  define: (command) => {
    withOutput(withStream(command, { all: true }))
    command.addOption(
      new Option('--policy <name>', "whose promises are asked for; the recorded kernel's by default").choices(
        Object.keys(rulesOf)
      )
    )
    command.option(
      '--invariant <id>',
      'only this invariant; may be given again',
      (id: string, before?: readonly string[]) => [...(before ?? []), id]
    )
  },
  run: (app, options) =>
    withLog(app, async (log) => {
      const streams: CheckedStream[] = []
      for (const stream of await selectStreams(log, options))
        streams.push(await checked(app, log, stream, options))
      const rows = streams.flatMap(({ stream, policy, findings }) =>
        findings.map((finding) => findingRow(stream.stream, policy, finding))
      )
      if (rows.length > 0) {
        await printAnswer(app, options, rows, () => streams.map((one) => checkText(app, one)).join('\n\n'))
        return exitCodes.found
      }
      for (const { stream, policy, invariants } of streams) {
        const what = `${invariants.length} ${invariants.length === 1 ? 'invariant' : 'invariants'} of ${policy}`
        await app.note(`Nothing found in ${stream.stream}: its ${stream.revision} events keep ${what}.`)
      }
      if (options.json === true || options.output === 'json') await app.print('[]')
      return undefined
    })
})

async function checked(
  app: App,
  log: SqliteLog,
  stream: StreamInfo,
  options: CheckOptions
): Promise<CheckedStream> {
  const recorded = (await stateAt(log, stream.stream, stream.lastPosition)).policy
  const policy = options.policy ?? recorded
  if (policy === null)
    throw new InputError(
      `${stream.stream}: no snapshot of sysfs tells the kernel's policy`,
      'Give it with --policy.'
    )
  const invariants = chosen(invariantsFor(policy), options.invariant, policy)
  const findings = await checkStream(log, stream.stream, { policy, recorded, invariants })
  return { stream, policy, invariants, findings, times: new StreamTimes(app, stream) }
}

function chosen(
  all: readonly Invariant[],
  ids: readonly string[] | undefined,
  policy: Policy
): readonly Invariant[] {
  if (ids === undefined) return all
  const unknown = ids.find((id) => !all.some((one) => one.id === id))
  if (unknown !== undefined) {
    const known = all.map(({ id }) => id).join(', ')
    throw new UsageError(`${policy} has no invariant ${unknown}`, `It has these: ${known}.`)
  }
  return all.filter(({ id }) => ids.includes(id))
}
