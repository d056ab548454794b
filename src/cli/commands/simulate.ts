import { readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { type Command, Option } from 'commander'
import type { NewEvent, Policy, SqliteLog } from '../../events/index.ts'
import { seconds } from '../../projections/index.ts'
import {
  changeLines,
  errnoText,
  type Failure,
  isTranscript,
  readScenario,
  rulesOf,
  runScenario,
  type Scenario,
  ScenarioError,
  type ScenarioResult,
  type StepResult,
  scenarioEvents,
  traitsOf,
  type Violation
} from '../../replay/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withWritableLog } from '../database.ts'
import { type ExitCode, exitCodes, InputError, UsageError } from '../errors.ts'
import { parseJson } from '../json-file.ts'
import { counted, toJson, visible } from '../output.ts'
import { simulateTranscript } from '../selftest-transcript.ts'
import { simulationJson } from '../simulation-json.ts'

type SimulateFormat = 'table' | 'json' | 'dmesg' | 'log'

interface SimulateOptions {
  readonly policy?: Policy
  readonly kernel?: Scenario['kernel']
  readonly output?: SimulateFormat
  readonly json?: boolean
  readonly check?: boolean
  readonly stream?: string
}

/** `klplog simulate`: what a kernel would do. */
export const simulate = defineCommand<SimulateOptions>({
  name: 'simulate',
  group: 'The model:',
  summary: "run a scenario, or a script of the kernel's selftests, on the kernel model",
  description: `Runs a scenario on the model of the kernel and shows what each step changed: the patch stack,
the functions' stacks, the hooks. What the scenario expects and does not come is said, and makes the exit code 1.

-o dmesg prints the kernel log instead. -o log appends the events to the database, as the stream
simulated/FILE, for every other command to ask about.

A transcript of the kernel's selftests (JSON, with modules.json beside it) is compared with the log that the
model predicts; -o dmesg prints that.`,
  examples: [
    'klplog simulate examples/nop-over-hook-hybrid.yaml',
    'klplog simulate examples/nop-over-hook-hybrid.yaml --policy mainline    what if',
    'klplog simulate examples/nop-over-hook-hybrid.yaml --check    what breaks',
    'klplog simulate story.yaml -o log && klplog gaps --stream simulated/story',
    'klplog simulate test-callbacks.sh__1.json -o dmesg'
  ],
  define,
  run: (app, options, [path = '']) => {
    const text = readFileSync(path, 'utf8')
    const json = path.endsWith('.json') ? parseJson(path, text) : null
    const format = formatOf(options)
    return isTranscript(json)
      ? simulateTranscript(app, { ...options, format }, path, json)
      : simulateScenario(app, { ...options, format }, path, text)
  }
})

function define(command: Command): void {
  command
    .argument('<file>', 'a scenario (YAML), or a transcript of a selftest (JSON)')
    .addOption(
      new Option('--policy <name>', "the kernel's policy, in place of the file's").choices(
        Object.keys(rulesOf)
      )
    )
    .addOption(
      new Option('--kernel <version>', "the kernel's version, in place of the file's").choices(
        Object.keys(traitsOf)
      )
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print it, or log: into the database').choices([
        'table',
        'json',
        'dmesg',
        'log'
      ])
    )
    .option('-j, --json', 'the same as -o json')
    .option('--check', 'say which invariants break, and make the exit code 1 where one does')
    .option('--stream <name>', 'the stream to append to, with -o log (default: simulated/FILE)')
}

function formatOf({ output, json, stream }: SimulateOptions): SimulateFormat {
  if (json === true) return 'json'
  const format = output ?? (stream === undefined ? 'table' : 'log')
  if (stream === undefined || format === 'log') return format
  throw new UsageError('--stream is for -o log', 'Leave it out, or give -o log.')
}

async function simulateScenario(
  app: App,
  { format, ...options }: SimulateOptions & { readonly format: SimulateFormat },
  path: string,
  text: string
): Promise<ExitCode | undefined> {
  const scenario = read(path, text)
  const result = runScenario(scenario, options)
  if (format === 'table') await app.print(asText(app, scenario, result, options))
  if (format === 'json') {
    await app.print(toJson(simulationJson(scenario, result, options), app.io.stdout.isTTY === true))
  }
  if (format === 'dmesg') await app.print(dmesg(result).join('\n'))
  if (format === 'log') {
    const stream = options.stream ?? streamOf(path, scenario, result)
    await append(app, stream, scenarioEvents(scenario, result, path))
  }
  const breaks = options.check === true && result.steps.some(({ violations }) => violations.length > 0)
  if (result.ok) return breaks ? exitCodes.found : undefined
  await tellFailures(app, path, scenario, result)
  return exitCodes.found
}

function read(path: string, text: string): Scenario {
  try {
    return readScenario(text, (file) => readFileSync(join(dirname(path), file), 'utf8'))
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    const faults = error.faults.map(({ line, message }) => `${path}:${line}: ${message}`)
    throw new InputError(`${path} is no scenario`, faults.join('\n'), { cause: error })
  }
}

function asText(
  app: App,
  { title }: Scenario,
  { steps, policy, kernel, failures }: ScenarioResult,
  { check = false }: SimulateOptions
): string {
  const { bold, dim, red, green } = app.colors
  const color = (line: string) =>
    line.startsWith('+') ? green(line) : line.startsWith('-') ? red(line) : line
  const failed = (one: Failure) => red(`  ✗ ${failureText(one)}`)
  const lines = [bold(visible(title)), dim(`Linux ${kernel}, ${policy}`)]
  steps.forEach((step, n) => {
    const { title: what, errno, startNs } = step
    const outcome = errno === 0 ? '' : `: ${red(errnoText(errno))}`
    lines.push('', `${bold(String(n + 1))}  +${seconds(startNs)}  ${visible(what)}${outcome}`)
    const { note } = step.step.spec
    if (note !== undefined) lines.push(dim(`  (${visible(note)})`))
    lines.push(...changeLines(step).map((line) => `  ${color(visible(line))}`), ...step.failures.map(failed))
    if (check) lines.push(...step.violations.map((one) => red(`  ! ${visible(violationText(one))}`)))
  })
  if (failures.length > 0) lines.push('', bold('at the end'), ...failures.map(failed))
  return lines.join('\n')
}

function violationText({ invariant, text, promised }: Violation): string {
  return `${invariant}: ${text}${promised ? '' : ' (a hazard: the policy does not promise it)'}`
}

function failureText({ what, expected, found }: Failure): string {
  return visible(`${what}: expected ${expected}, found ${found}`)
}

/** The kernel log with its times, as dmesg prints it. */
function dmesg({ steps }: ScenarioResult): string[] {
  return steps.flatMap(({ facts }: StepResult) =>
    facts.flatMap((fact) =>
      fact.type === 'kernel.printed' ? [`[${seconds(fact.uptimeNs).padStart(12)}] ${fact.data.message}`] : []
    )
  )
}

/** The file's name, and what of the kernel is not as the file says. */
function streamOf(path: string, scenario: Scenario, { policy, kernel }: ScenarioResult): string {
  const name = basename(path, extname(path))
  const other = policy === scenario.policy ? '' : `.${policy}`
  return `simulated/${name}${other}${kernel === scenario.kernel ? '' : `.${kernel}`}`
}

async function append(app: App, stream: string, events: readonly NewEvent[]): Promise<void> {
  await withWritableLog(app, { make: true }, async (log) => {
    if (!(await isFree(log, stream, events))) {
      throw new UsageError(
        `the log has another history of ${stream}`,
        'The scenario has changed since: name another stream with --stream.'
      )
    }
    const { appended } = await log.append(stream, 'any', events)
    await app.note(appended === 0 ? `${stream} is there already` : `${stream}: ${counted(appended, 'event')}`)
    await app.print(stream)
  })
}

/** Whether the stream has no events yet, or just these. */
async function isFree(log: SqliteLog, stream: string, events: readonly NewEvent[]): Promise<boolean> {
  const known = (await log.streams()).find((one) => one.stream === stream)
  if (known === undefined || known.revision === 0) return true
  if (known.revision !== events.length) return false
  const ids = new Set(events.map(({ id }) => id))
  for await (const page of log.read({ stream })) if (page.some(({ id }) => !ids.has(id))) return false
  return true
}

async function tellFailures(
  app: App,
  path: string,
  scenario: Scenario,
  { steps, failures, policy }: ScenarioResult
): Promise<void> {
  const end = scenario.expect?.line ?? 0
  const all = [
    ...steps.flatMap((step) => step.failures.map((one) => ({ line: step.step.line, one }))),
    ...failures.map((one) => ({ line: end, one }))
  ]
  const under =
    policy === scenario.policy ? '' : ` under ${policy}; the scenario was written for ${scenario.policy}`
  await app.warn(
    `${counted(all.length, 'expectation')} did not come true${under}`,
    all.map(({ line, one }) => `${path}:${line}: ${failureText(one)}`).join('\n')
  )
}
