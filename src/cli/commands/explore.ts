import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Policy } from '../../events/index.ts'
import {
  type MoveName,
  moveNames,
  NotExplorable,
  type PackedWorld,
  readScenario,
  rulesOf,
  type Scenario,
  ScenarioError,
  Search,
  scenarioWorld,
  searchLimits,
  smallScope
} from '../../replay/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { exitCodes, InputError, UsageError } from '../errors.ts'
import { explorationAsText, explorationOf, writeScenarios } from '../exploration.ts'
import { type OutputOptions, printAnswer, withOutput } from '../output.ts'
import { searchProgress } from '../progress.ts'

interface ExploreOptions extends OutputOptions {
  readonly policy?: Policy
  readonly patches?: number
  readonly functions?: number
  readonly tasks?: number
  readonly hooks?: number
  readonly callDepth: number
  readonly depth?: number
  readonly maxStates: number
  readonly without?: readonly MoveName[]
  readonly scenarioDir?: string
}

/** States to look at between two looks at the clock and at Ctrl-C. */
const pieceStates = 20_000
const usual = { patches: 3, functions: 2, tasks: 1, hooks: 1 } as const

export const explore = defineCommand<ExploreOptions>({
  name: 'explore',
  group: 'The model:',
  summary:
    'Try every order of what can happen in a small world, and find the shortest ways to break an invariant',
  description: `Tries every order of the operations that a small world leaves open, breadth first and each state
once, and tells for each invariant the shortest way to break it. Each is confirmed by the invariant itself on
the model of the kernel before it is told. Exit 1 when one was found.

Without a FILE the world is every small world at once. So many livepatch modules are loaded at once, of any
content: the functions that they change, whether they replace, their state, in hybrid whether they are
replaceable, in replace-set their set. They come, are disabled, reversed, forced, flipped, freed, unloaded and
come again as others. Tasks call the functions, return, and switch; the delayed work tries. Programs (kprobes
that override nothing) are attached to any function of a loaded module. What differs by names only counts once.

A scenario's FILE gives its own livepatches, tasks and programs instead, in the order in which nothing happens
yet. Its other modules are there from the beginning and stay.

What no state of these worlds can break, because its form does not allow it, is not in the table; tests hold
the search to the model. A task runs in functions or outside of them: what a try finds running is left out.`,
  examples: [
    'klplog explore --policy hybrid',
    'klplog explore --policy mainline --without force    exhausted in seconds',
    'klplog explore --policy replace-set --patches 2 --tasks 2 -o json',
    'klplog explore examples/nop-over-hook-hybrid.yaml --scenario-dir found/'
  ],
  define,
  run: async (app, options, [file]) => {
    const scenario = file === undefined ? null : read(file)
    const search = searchOf(options, scenario, file ?? '')
    const start = app.io.now()
    const isWhole = await runSearch(app, search)
    await tellRate(app, search, app.io.now() - start)
    const exploration = explorationOf(search, {
      file: file ?? null,
      isInterrupted: !isWhole,
      ...limitsOf(options)
    })
    await printAnswer(app, options, exploration.json, () => explorationAsText(app, exploration))
    if (options.scenarioDir !== undefined) await writeScenarios(app, options.scenarioDir, exploration)
    if (!isWhole) return exitCodes.interrupted
    return exploration.found.length > 0 ? exitCodes.found : undefined
  }
})

function define(command: Command): void {
  const upTo = (least: number, most: number) => (text: string) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`)
  }
  const { patches, functions, tasks, hooks, callDepth } = searchLimits
  command
    .argument('[file]', 'a scenario (YAML): its livepatches, tasks and programs in place of all small ones')
    .addOption(
      new Option('--policy <name>', "the kernel's policy (default: the file's, or hybrid)").choices(
        Object.keys(rulesOf)
      )
    )
    .option('--patches <n>', `livepatches loaded at once (default: ${usual.patches})`, upTo(1, patches))
    .option('--functions <n>', `functions to patch (default: ${usual.functions})`, upTo(1, functions))
    .option('--tasks <n>', `tasks (default: ${usual.tasks})`, upTo(0, tasks))
    .option('--hooks <n>', `programs (default: ${usual.hooks})`, upTo(0, hooks))
    .option('--call-depth <n>', 'in how many functions a task may be at once', upTo(1, callDepth), 1)
    .option('--depth <n>', 'look no further than so many operations', upTo(1, 1_000_000))
    .option('--max-states <n>', 'stop with so many states', upTo(1, 200_000_000), 3_000_000)
    .addOption(new Option('--without <operation...>', 'never do these').choices(moveNames))
    .option('--scenario-dir <dir>', 'write each way found as a scenario for `klplog simulate`')
  withOutput(command)
}

function read(path: string): Scenario {
  try {
    return readScenario(readFileSync(path, 'utf8'), (file) => readFileSync(join(dirname(path), file), 'utf8'))
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    const faults = error.faults.map(({ line, message }) => `${path}:${line}: ${message}`)
    throw new InputError(`${path} is no scenario`, faults.join('\n'), { cause: error })
  }
}

function limitsOf({ depth, maxStates }: ExploreOptions) {
  return { depth: depth ?? Number.POSITIVE_INFINITY, states: maxStates }
}

function searchOf(options: ExploreOptions, scenario: Scenario | null, file: string): Search {
  const { patches, functions, tasks, hooks, callDepth, without = [] } = options
  const plan = { ...limitsOf(options), without }
  if (scenario === null) {
    const { policy = 'hybrid' } = options
    const size = {
      policy,
      patches: patches ?? usual.patches,
      functions: functions ?? usual.functions,
      tasks: tasks ?? usual.tasks,
      hooks: hooks ?? usual.hooks,
      callDepth
    }
    const { world, renamings } = smallScope(size)
    return new Search(world, renamings, plan)
  }
  if ((patches ?? functions ?? tasks ?? hooks) !== undefined) {
    throw new UsageError(
      'a scenario has its own livepatches, functions, tasks and programs',
      'Leave out --patches, --functions, --tasks and --hooks, or the file.'
    )
  }
  return new Search(worldOf(scenario, options, file), [], plan)
}

function worldOf(scenario: Scenario, { policy, callDepth }: ExploreOptions, file: string): PackedWorld {
  try {
    return scenarioWorld(scenario, policy ?? scenario.policy, callDepth)
  } catch (error) {
    if (!(error instanceof NotExplorable)) throw error
    throw new InputError(
      `${file} cannot be explored: ${error.message}`,
      'Make a smaller scenario of it, with what the question is about.',
      { cause: error }
    )
  }
}

/** Whether it came to its end, and Ctrl-C did not end it. */
async function runSearch(app: App, search: Search): Promise<boolean> {
  let isInterrupted = false
  const stopListening = app.io.onInterrupt(() => {
    isInterrupted = true
  })
  const progress = searchProgress(app.io)
  while (search.run(pieceStates) && !isInterrupted) {
    progress.reach(search.table.count, search.depth)
    await new Promise((resolve) => setImmediate(resolve))
  }
  progress.stop()
  stopListening()
  return !isInterrupted
}

/** The only part that is not the same every time. */
async function tellRate(app: App, { table, transitions }: Search, ns: bigint): Promise<void> {
  const secondsTaken = Math.max(Number(ns) / 1e9, 0.001)
  const perSecond = (count: number) => Math.round(count / secondsTaken).toLocaleString('en')
  const time = secondsTaken.toFixed(1)
  await app.note(
    `${table.count.toLocaleString('en')} states in ${time} s: ${perSecond(table.count)} states/s, ${perSecond(transitions)} transitions/s`
  )
}
