import type { Policy } from '../../events/index.ts'
import type { BugName, ModuleSpec } from '../../kernel/index.ts'
import { taskKey } from '../../projections/index.ts'
import { type ManifestModules, manifest, manifestModules } from './manifest-modules.ts'
import {
  type StepExpectation,
  type StepSpec,
  scenarioFrame,
  stepSchemas,
  type Verb
} from './scenario-schema.ts'
import { ScenarioError, type ScenarioFault, ScenarioText } from './scenario-text.ts'

export interface ScenarioTask {
  readonly pid: number
  readonly comm: string
}

/** A step, and where it stands in the scenario's text. */
export interface ScenarioStep {
  readonly spec: StepSpec
  readonly line: number
  readonly text: string
}

/** A story for the model: what is there, what is done, what must come of it. */
export interface Scenario {
  readonly title: string
  readonly story: string
  readonly policy: Policy
  readonly kernel: '6.12' | '7.2'
  readonly bugs: ReadonlySet<BugName>
  readonly modules: ReadonlyMap<string, ModuleSpec>
  /** What functions return: originals by their name, those of modules by `module:function`. */
  readonly returns: ReadonlyMap<string, string>
  readonly tasks: readonly ScenarioTask[]
  readonly tracer: boolean
  /** How often functions of vmlinux exist that do not exist once. */
  readonly symbolCounts: ReadonlyMap<string, number>
  readonly steps: readonly ScenarioStep[]
  readonly expect: { readonly what: StepExpectation; readonly line: number } | null
  /** The whole text, and the line of its title. */
  readonly text: string
  readonly titleLine: number
}

type Frame = ReturnType<typeof scenarioFrame.parse>

/**
 * Reads a scenario's YAML. `readFile` gives the text of the manifest that it names, as the scenario names it.
 * @throws ScenarioError that says all that is wrong, with line numbers
 */
export function readScenario(text: string, readFile: (path: string) => string): Scenario {
  const source = new ScenarioText(text)
  const frame = scenarioFrame.safeParse(source.data)
  const read = frame.success ? frame.data.steps.map((_, n) => readStep(source, frame.data, n)) : []
  const faults = [
    ...(frame.success ? [] : source.faultsOf(frame.error, [])),
    ...read.flatMap((one) => one.faults)
  ]
  if (!frame.success || faults.length > 0) throw new ScenarioError(faults)
  const {
    title,
    story,
    policy,
    kernel = '6.12',
    bugs = [],
    tasks = [],
    tracer = false,
    symbols,
    expect
  } = frame.data
  const modules = modulesOf(source, frame.data, readFile)
  const steps = read.flatMap(({ step }) => (step === null ? [] : [step]))
  const scenario: Scenario = {
    title,
    story,
    policy,
    kernel,
    bugs: new Set(bugs),
    modules: modules.specs,
    returns: new Map([
      ...modules.returns,
      ...Object.entries(frame.data.returns ?? {}).map(([name, value]): [string, string] => [
        name,
        String(value)
      ])
    ]),
    tasks,
    tracer,
    symbolCounts: new Map([
      ...(symbols?.missing ?? []).map((name): [string, number] => [name, 0]),
      ...(symbols?.ambiguous ?? []).map((name): [string, number] => [name, 2])
    ]),
    steps,
    expect: expect === undefined ? null : { what: expect, line: source.lineOf(['expect']) },
    text,
    titleLine: source.lineOf(['title'])
  }
  const unknown = unknownNames(scenario)
  if (unknown.length > 0) throw new ScenarioError(unknown)
  return scenario
}

function readStep(
  source: ScenarioText,
  frame: Frame,
  n: number
): { step: ScenarioStep | null; faults: readonly ScenarioFault[] } {
  const path = ['steps', n]
  const line = source.lineOf(path)
  const given: unknown = frame.steps[n]
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : []
  const verbs = keys.filter((key): key is Verb => Object.hasOwn(stepSchemas, key))
  const [verb] = verbs
  if (verb === undefined || verbs.length > 1) {
    const what =
      verb === undefined ? 'says nothing that is done' : `does several things (${verbs.join(', ')})`
    const all = Object.keys(stepSchemas).join(', ')
    return { step: null, faults: [{ line, message: `step ${n + 1} ${what}: give one of ${all}` }] }
  }
  const parsed = stepSchemas[verb].safeParse(given)
  if (!parsed.success) return { step: null, faults: source.faultsOf(parsed.error, path) }
  const spec = { ...parsed.data, verb } as StepSpec
  return { step: { spec, line, text: source.textOf(path) }, faults: [] }
}

function modulesOf(source: ScenarioText, frame: Frame, readFile: (path: string) => string): ManifestModules {
  const own = manifestModules(frame.modules ?? {})
  if (frame.manifest === undefined) return own
  const line = source.lineOf(['manifest'])
  const fail = (message: string) => new ScenarioError([{ line, message: `${frame.manifest}: ${message}` }])
  let json: unknown
  try {
    json = JSON.parse(readFile(frame.manifest))
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error))
  }
  const parsed = manifest.safeParse(json)
  if (!parsed.success) {
    throw fail(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  }
  const read = manifestModules(parsed.data)
  return {
    specs: new Map([...read.specs, ...own.specs]),
    returns: new Map([...read.returns, ...own.returns])
  }
}

/** Modules and tasks that a step speaks of and nothing describes. */
function unknownNames(scenario: Scenario): ScenarioFault[] {
  const forked = scenario.steps.flatMap(({ spec }) =>
    spec.verb === 'fork' ? [{ pid: spec.fork, comm: spec.comm ?? '' }] : []
  )
  const tasks = [...scenario.tasks, ...forked]
  return scenario.steps.flatMap(({ spec, line }) => {
    const names = spec.verb === 'insmod' ? [spec.insmod] : []
    const unknown = names.filter((name) => !scenario.modules.has(name))
    const strangers = tasksNamed(spec).filter((task) => findTask(tasks, task) === null)
    const known = [...scenario.modules.keys()].join(', ')
    return [
      ...unknown.map((name) => ({ line, message: `no module ${name} is described; there are ${known}` })),
      ...strangers.map((task) => ({ line, message: `there is no task ${task}, or more than one` }))
    ]
  })
}

function tasksNamed(spec: StepSpec): (string | number)[] {
  const busy = 'busy' in spec ? Object.keys(spec.busy ?? {}) : []
  const runs = (spec.expect?.runs ?? []).map(({ task }) => task)
  const waiting = spec.expect?.transition
  const own = taskOf(spec)
  return [
    ...(own === undefined ? [] : [own]),
    ...busy,
    ...runs,
    ...(typeof waiting === 'object' ? (waiting.waiting ?? []) : [])
  ]
}

/** The task that a step is about. */
function taskOf(spec: StepSpec): string | number | undefined {
  switch (spec.verb) {
    case 'call':
      return spec.task
    case 'return':
      return spec.return
    case 'switch':
      return spec.switch
    case 'fork':
      return spec.from
    case 'exit':
      return spec.exit
    default:
      return undefined
  }
}

/** A task by its pid or its comm, as the state's key; null when none or several have it. */
export function findTask(tasks: Iterable<ScenarioTask>, name: string | number): number | null {
  const fitting = [...tasks].filter(({ pid, comm }) => String(pid) === String(name) || comm === String(name))
  const [first] = fitting
  return first === undefined || fitting.length > 1 ? null : taskKey(first.pid, first.comm)
}
