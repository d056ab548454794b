import { type Command, Option } from 'commander'
import type { Policy } from '../../events/index.ts'
import { rulesOf, whatIfAnswer } from '../../replay/index.ts'
import { defineCommand } from '../command.ts'
import { readManifests } from '../manifest-file.ts'
import { printAnswer } from '../output.ts'
import { ask, type QuestionOptions, withQuestion, withTask } from '../question.ts'
import { readAdded } from '../what-if-file.ts'
import { whatIfText } from '../what-if-text.ts'

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
      const answer = await whatIfAnswer(app.asker, question.log, question.stream, {
        policy: options.policy,
        added: options.with === undefined ? [] : readAdded(options.with),
        without: options.without ?? [],
        manifest: readManifests(options.manifest ?? []).specs,
        task: options.task ?? null
      })
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
