import { Option } from 'commander'
import type { Policy, SqliteLog, StreamInfo } from '../../events/index.ts'
import { isSyscallEntry, linux612, type ModuleSpec } from '../../kernel/index.ts'
import { errnoName, positionAsked, shortestTransition, stateAt } from '../../projections/index.ts'
import { type Preflight, preflight as preflightOn, rulesOf } from '../../replay/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { readPatch } from '../manifest-file.ts'
import { counted, formatOf, type OutputOptions, printAnswer, table, visible, withOutput } from '../output.ts'
import { type AtOptions, withAt } from '../stream-time.ts'
import { type StreamOptions, selectHosts, withStream } from '../streams.ts'
import { durationText, functionText, hookPlace } from '../wording.ts'

interface PreflightOptions extends OutputOptions, StreamOptions, AtOptions {
  readonly patch?: string
  readonly policy?: Policy
}

/** `klplog preflight`: what would enabling this patch do to each host? */
export const preflight = defineCommand<PreflightOptions>({
  name: 'preflight',
  group: 'The model:',
  summary: 'try a livepatch on the recorded present state of hosts, before it is rolled out',
  description: `Enables a patch, on the model of the kernel, on the recorded present state of a host, or of every
host: whether it would be refused and why, which attached BPF programs calls would no longer reach and for how
long at least, which invariants would break, and what to do instead. Nothing is stored or changed.

The file is a manifest of the patch: what it patches, and its flags and states. A program is bypassed while the
transition lasts, shadowed until a patch goes, or lost until it is attached anew; a transition lasts at least as
long as the shortest one that the host has shown. Each advice was tried on the model: it leaves fewer risks and
brings none of its own.

The exit code is 1 when a host is at risk or refuses the patch, for a release pipeline to stop at.`,
  examples: [
    'klplog preflight lp_fix.json',
    'klplog preflight lp_fix.json --all-streams -o json',
    'klplog preflight modules.json --patch lp_cumul_v2 --host web1'
  ],
  define: (command) => {
    command.argument('<patch.json>', 'the manifest of the patch')
    withOutput(withAt(withStream(command, { all: true, allMeans: 'every host, as its last boot left it' })))
    command.option('--patch <name>', 'which patch of the file')
    command.addOption(
      new Option('--policy <name>', "the kernel's policy, where the evidence does not tell it").choices(
        Object.keys(rulesOf)
      )
    )
  },
  run: async (app, options, [path = '']) => {
    const spec = readPatch(path, options.patch)
    return withLog(app, async (log) => {
      const rows: Row[] = []
      for (const stream of await selectHosts(log, options)) {
        rows.push(
          await rowOf(log, stream, await positionAsked(app.asker, log, stream, options.at), spec, options)
        )
      }
      if (rows.length === 0)
        throw new UsageError('the log is empty', '`klplog ingest PATH` puts evidence in.')
      await printAnswer(app, options, rows, () => textOf(app, rows))
      const risky = rows.filter(({ verdict }) => verdict === 'at-risk' || verdict === 'refused')
      if (risky.length === 0) return undefined
      if (formatOf(options) === 'table' && rows.length > 1) {
        await app.note(
          `${risky.length} of ${counted(rows.length, 'host')} should not get ${spec.name} as it is`
        )
      }
      return exitCodes.found
    })
  }
})

type Row = Awaited<ReturnType<typeof rowOf>>

const untilOf = { bypassed: 'transition', shadowed: 'patch', lost: 'attach' } as const

async function rowOf(
  log: SqliteLog,
  { stream }: StreamInfo,
  position: number,
  spec: ModuleSpec,
  { policy: given }: PreflightOptions
) {
  const state = await stateAt(log, stream, position)
  const policy = given ?? state.policy
  const world = {
    rules: rulesOf[policy ?? 'mainline'],
    traits: linux612,
    modules: new Map<string, ModuleSpec>(),
    symbolCounts: new Map<string, number>(),
    isErrorInjectable: isSyscallEntry
  }
  const shortestNs = await shortestTransition(log, stream, position)
  const result = preflightOn(state, spec, world)
  const unsure = [
    ...(policy === null ? ["nothing tells the kernel's policy: taken as mainline"] : []),
    ...result.unsure
  ]
  return {
    stream,
    position: state.position,
    uptimeNs: String(state.uptimeNs),
    policy,
    patch: spec.name,
    verdict: result.verdict,
    refused: result.refused,
    hooks: result.hooks.map((hook) => ({
      ...hook,
      // Who is lost may be attached anew at once, or never.
      atLeastNs: hook.effect === 'lost' || shortestNs === null ? null : String(shortestNs),
      until: untilOf[hook.effect]
    })),
    invariants: result.invariants,
    instead: result.instead,
    unsure: unsure.length === 0 ? null : unsure.join('; ')
  }
}

function textOf(app: App, rows: readonly Row[]): string {
  if (rows.length > 1) {
    const fine = rows.filter(({ verdict, unsure }) => isFine(verdict) && unsure === null)
    const told = rows.filter((row) => !fine.includes(row)).map((row) => hostText(app, row))
    const rest = fine.length === 0 ? [] : [app.colors.green(summary(fine))]
    return [...told, ...rest].join('\n\n')
  }
  return rows.map((row) => hostText(app, row)).join('\n\n')
}

function isFine(verdict: Preflight['verdict']): boolean {
  return verdict === 'fine' || verdict === 'present'
}

function summary(rows: readonly Row[]): string {
  const present = rows.filter(({ verdict }) => verdict === 'present').length
  const fine = rows.length - present
  const parts = [
    ...(fine === 0 ? [] : [`${counted(fine, 'host')}: nothing at risk`]),
    ...(present === 0 ? [] : [`${counted(present, 'host')}: enabled already`])
  ]
  return parts.join('\n')
}

function hostText(app: App, row: Row): string {
  const { bold, red, green } = app.colors
  const { refused, patch } = row
  const verdicts = {
    fine: green('nothing at risk'),
    present: green('enabled already'),
    'at-risk': red('at risk'),
    refused: red(`refused with ${errnoName(refused?.errno ?? 0)} (${refused?.errno ?? 0})`)
  }
  const lines = [
    `${bold(row.stream)} (${row.policy ?? 'policy unknown'}): ${patch}: ${verdicts[row.verdict]}`
  ]
  if (refused !== null) lines.push(`  ${visible(refused.why)}`)
  if (row.hooks.length > 0) lines.push('', ...indent(hookTable(app, row)))
  if (row.invariants.length > 0) lines.push('', ...indent(invariantTable(app, row)))
  if (row.instead.length > 0) {
    lines.push('', '  Instead, any of these:', ...row.instead.map((one) => `    ${visible(one)}`))
  }
  if (row.unsure !== null) lines.push('', `  Unsure: ${visible(row.unsure)}`)
  return lines.join('\n')
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`)
}

function hookTable(app: App, { hooks, patch }: Row): string {
  const ends = {
    transition: 'the transition completes',
    patch: `${patch} goes`,
    attach: 'it is attached anew'
  }
  return table(
    app,
    ['PROGRAM', 'ON', 'BECOMES', 'FOR AT LEAST', 'UNTIL', 'WHY'].map((head) => ({ head })),
    hooks.map((hook) => [
      hook.program,
      hookPlace(hook),
      { value: hook.effect, color: app.colors.red },
      hook.atLeastNs === null ? null : durationText(BigInt(hook.atLeastNs)),
      ends[hook.until],
      hook.reason
    ])
  )
}

function invariantTable(app: App, { invariants }: Row): string {
  return table(
    app,
    ['INVARIANT', 'ABOUT', 'WOULD BREAK'].map((head) => ({ head })),
    invariants.map(({ invariant, subject, text, promised }) => [
      `${invariant}${promised ? '' : ' (hazard)'}`,
      functionText(subject),
      text
    ])
  )
}
