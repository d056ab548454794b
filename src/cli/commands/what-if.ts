import { type Command, Option } from 'commander'
import type { Policy, SqliteLog, StoredEvent } from '../../events/index.ts'
import type { ModuleSpec } from '../../kernel/index.ts'
import { gapRow, gapsOf, stateAt } from '../../projections/index.ts'
import {
  type AddedModule,
  recordedModules,
  rulesOf,
  type WhatIf,
  whatIf as whatIfOn
} from '../../replay/index.ts'
import { defineCommand } from '../command.ts'
import { InputError, UsageError } from '../errors.ts'
import { withFacts } from '../history-in-memory.ts'
import { printAnswer } from '../output.ts'
import { readManifest } from '../patch-file.ts'
import { ask, type Question, type QuestionOptions, withQuestion, withTask } from '../question.ts'
import { readAdded } from '../what-if-file.ts'
import { isShown, stepRow, type WhatIfAnswer, whatIfText } from '../what-if-text.ts'

interface WhatIfOptions extends QuestionOptions {
  readonly policy?: Policy
  readonly with?: string
  readonly without?: readonly string[]
  readonly manifest?: readonly string[]
  readonly task?: number
}

/** `klplog what-if`: the recorded operations in another world. */
export const whatIf = defineCommand<WhatIfOptions>({
  name: 'what-if',
  group: 'The model:',
  summary: 'run the recorded operations under another policy, with another patch, or without one',
  description: `Runs what users asked of a recorded kernel, and what its tasks did and when, on the model of the
kernel under another policy, with other patches, or without some; and shows both histories side by side: which
operations come to something else, where the two part first, and for how long each attached BPF program was not
reached in either.

Commands come at their recorded times, whatever they come to: one that is refused now stays refused, and what hung
on it follows. Tasks do what the recording shows when it shows it; a transition that the recording does not have
waits only for tasks that were last seen asleep in a function that it changes, and tries once a second.

--with names a manifest. A module in it takes the place of the recorded one of its name; another one is loaded
first of all, or before the module that its "loaded_before" names. A program goes to the version of its function in
the same module, or else in a module of the manifest.

A patch keeps what it means: one that is not replaceable has a replace set of its own under replace-set.`,
  examples: [
    'klplog what-if --policy hybrid --with examples/hook-in-a-patch-of-its-own.json',
    'klplog what-if --policy replace-set --stream hyb-6f',
    'klplog what-if --without lp_nopbase -o json',
    'klplog what-if --policy mainline    the recorded one: nothing should differ'
  ],
  define,
  run: (app, options) =>
    ask(app, options, async (question) => {
      const answer = await answerOf(question, options)
      await printAnswer(app, options, answer, () => whatIfText(app, question.times, answer))
    })
})

function define(command: Command): void {
  const policies = Object.keys(rulesOf)
  const listed = (one: string, before: readonly string[] = []) => [...before, one]
  command
    .addOption(
      new Option('--policy <name>', 'the policy of the other kernel; as recorded by default').choices(
        policies
      )
    )
    .option('--with <patch.json>', 'a manifest of patches in place of recorded ones, or beside them')
    .option('--without <patch>', 'a module that nobody loads; may be given again', listed)
    .option(
      '--manifest <file>',
      'what the recorded modules are, where the log does not tell; may be given again',
      listed
    )
  withTask(withQuestion(command), "the gaps for this task's calls")
}

async function answerOf(
  { log, stream: { stream, lastPosition } }: Question,
  options: WhatIfOptions
): Promise<WhatIfAnswer> {
  const { policy: recordedPolicy, doubt } = await stateAt(log, stream, lastPosition)
  if (recordedPolicy === null) {
    throw new InputError(
      `${stream}: nothing tells the policy of the kernel that was recorded`,
      'Ingest it with a snapshot of sysfs, or with --policy.'
    )
  }
  if (options.policy === undefined && options.with === undefined && options.without === undefined) {
    throw new UsageError('nothing is to be otherwise', 'Give --policy, --with or --without.')
  }
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  const recorded = recordedModules(history, rulesOf[recordedPolicy], manifestOf(options))
  const added = options.with === undefined ? [] : readAdded(options.with)
  const without = options.without ?? []
  assertLoaded(history, added, without, stream)
  const policy = options.policy ?? recordedPolicy
  const result = whatIfOn(history, recorded, { rules: rulesOf[policy], added, without })
  const task = options.task ?? null
  const unsure = [
    ...(doubt === null ? lostEvidence(history) : [doubt.reason]),
    ...recorded.unknown.map((name) => `nothing tells what ${name} changes (--manifest could)`),
    ...(result.unexplained === 0
      ? []
      : [
          `the model does not explain ${result.unexplained} of the recorded operations (klplog conform tells which)`
        ])
  ]
  return {
    stream,
    recordedPolicy,
    policy,
    with: added.map(({ spec }) => spec.name),
    without,
    same: result.same,
    ...(await gapsOfBoth(log, stream, result, task)),
    steps: result.steps.filter(isShown).map(stepRow),
    assumed: result.assumed,
    unsure: unsure.length === 0 ? null : unsure.join('; ')
  }
}

async function gapsOfBoth(log: SqliteLog, stream: string, { facts }: WhatIf, task: number | null) {
  const recorded = (await gapsOf(log, stream, task)).map(gapRow)
  const other = await withFacts(stream, facts, async (its) => (await gapsOf(its, stream, task)).map(gapRow))
  return { gaps: { recorded, whatIf: other } }
}

function manifestOf({ manifest = [] }: WhatIfOptions): ReadonlyMap<string, ModuleSpec> {
  return new Map(manifest.flatMap((path) => [...readManifest(path).specs]))
}

function lostEvidence(history: readonly StoredEvent[]): string[] {
  const lost = history.find((event) => event.type === 'evidence.lost')
  return lost?.type === 'evidence.lost' ? [`evidence was lost: ${lost.data.reason}`] : []
}

/** What is to be left out, or to be loaded before something, has to be about what the recording loads. */
function assertLoaded(
  history: readonly StoredEvent[],
  added: readonly AddedModule[],
  without: readonly string[],
  stream: string
): void {
  const loaded = new Set(
    history.flatMap((event) => (event.type === 'module.loaded' ? [event.data.module] : []))
  )
  const list = loaded.size === 0 ? 'It loads none.' : `It loads: ${[...loaded].join(', ')}.`
  for (const name of without) {
    if (!loaded.has(name)) throw new UsageError(`--without ${name}: ${stream} does not load it`, list)
  }
  for (const { spec, loadedBefore } of added) {
    if (loadedBefore === null || loaded.has(loadedBefore)) continue
    throw new UsageError(
      `${spec.name} is to be loaded before ${loadedBefore}, which ${stream} does not load`,
      list
    )
  }
}
