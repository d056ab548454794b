import { Option } from 'commander'
import type { Policy, SqliteLog, StreamInfo } from '../../events/index.ts'
import { stateAt } from '../../projections/index.ts'
import {
  checkHistory,
  type Finding,
  historyWorld,
  type Invariant,
  invariantsFor,
  rulesOf
} from '../../replay/index.ts'
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
        streams.push(await checkStream(app, log, stream, options))
      const rows = streams.flatMap(({ stream, policy, findings }) =>
        findings.map((finding) => rowOf(stream.stream, policy, finding))
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

async function checkStream(
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
  const facts = []
  const types = ['patch.enabled', 'module.loaded', 'command.ran']
  for await (const page of log.read({ stream: stream.stream, types })) facts.push(...page)
  const findings = await checkHistory(() => log.read({ stream: stream.stream }), {
    invariants,
    laws: historyWorld(facts, rulesOf[policy]),
    kernel: historyWorld(facts, rulesOf[recorded ?? policy])
  })
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

/** A finding as the contract has it. */
function rowOf(stream: string, policy: Policy, finding: Finding) {
  const { violation, event, cause, command, ended, before, diff, avoidable } = finding
  const { invariant, subject, text, promised, lasting, fromNs, toNs, unsure } = violation
  return {
    stream,
    policy,
    invariant,
    promised,
    subject,
    text,
    position: event.position,
    fromNs: String(fromNs),
    toNs: toNs === null ? null : String(toNs),
    durationNs: toNs === null ? null : String(toNs - fromNs),
    lasting,
    ended: ended === null ? null : { position: ended.position, type: ended.type },
    unsure,
    cause: cause === null ? null : { position: cause.position, type: cause.type, actor: actorOf(cause) },
    command:
      command?.type === 'command.ran'
        ? { position: command.position, command: command.data.command, actor: command.data.actor }
        : null,
    evidence: [evidenceOf(finding)],
    before: { position: before.position, uptimeNs: String(before.uptimeNs) },
    diff,
    avoidable:
      avoidable === null
        ? null
        : {
            position: avoidable.position,
            uptimeNs: String(avoidable.uptimeNs),
            ifOnly: avoidable.ifOnly,
            next: { position: avoidable.next.position, type: avoidable.next.type }
          }
  }
}

function actorOf({ data }: Finding['event']) {
  return 'actor' in data ? data.actor : null
}

function evidenceOf({ event: { evidence } }: Finding) {
  const { source, line, raw, inferred = false } = evidence
  return { source, line, raw, inferred }
}
