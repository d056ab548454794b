import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readScenario, runScenario, type Scenario, scenarioJsonSchema } from '../../src/replay/index.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../examples')
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))

function example(file: string): Scenario {
  return readScenario(readFileSync(join(folder, file), 'utf8'), (path) =>
    readFileSync(join(folder, path), 'utf8')
  )
}

describe.each(files)('%s', (file) => {
  const scenario = example(file)

  it('comes out as it is told', () => {
    const { steps, failures, ok } = runScenario(scenario)
    const wrong = steps.flatMap((one) => one.failures.map((failure) => ({ line: one.step.line, ...failure })))
    expect([...wrong, ...failures]).toEqual([])
    expect(ok).toBe(true)
  })

  it('would notice if any one thing were otherwise', () => {
    const broken = [...breakages(scenario)]
    expect(broken.length).toBeGreaterThan(3)
    for (const { what, changed } of broken)
      expect({ what, ok: runScenario(changed).ok }).toEqual({ what, ok: false })
  })

  it('has a story of some length, and says its policy in its name', () => {
    expect(scenario.story.length).toBeGreaterThan(150)
    expect(file).toContain(scenario.policy)
  })
})

it('the schema for editors is that of the format', async () => {
  const schema = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`
  await expect(schema).toMatchFileSnapshot(join(folder, 'scenario.schema.json'))
})

type Expected = NonNullable<Scenario['expect']>['what']

/** The scenario with one expectation changed at a time, so that it is wrong. */
function* breakages(scenario: Scenario): Generator<{ what: string; changed: Scenario }> {
  for (const [n, step] of scenario.steps.entries()) {
    const given = step.spec.expect ?? {}
    const errno = given.errno === undefined || given.errno === 'ok' ? 'EINVAL' : 'ok'
    for (const [what, wrong] of [...wrongs(given), ['errno', { ...given, errno }] as const]) {
      const spec = { ...step.spec, expect: wrong } as typeof step.spec
      const steps = scenario.steps.map((one, at) => (at === n ? { ...one, spec } : one))
      yield { what: `line ${step.line}: ${what}`, changed: { ...scenario, steps } }
    }
  }
  if (scenario.expect === null) return
  for (const [what, wrong] of wrongs(scenario.expect.what)) {
    yield { what: `end: ${what}`, changed: { ...scenario, expect: { ...scenario.expect, what: wrong } } }
  }
}

function* wrongs(given: Expected): Generator<readonly [string, Expected]> {
  const {
    patches,
    enabled = {},
    forced,
    stacks = {},
    hooks = {},
    runs = [],
    transition,
    modules,
    log
  } = given
  if (patches !== undefined) yield ['patches', { ...given, patches: [...patches, 'nobody'] }]
  if (forced !== undefined) yield ['forced', { ...given, forced: [...forced, 'nobody'] }]
  if (modules !== undefined) yield ['modules', { ...given, modules: [...modules, 'nobody'] }]
  if (log !== undefined) yield ['log', { ...given, log: [...log, 'never printed'] }]
  if (log !== undefined && log.length > 1) yield ['log order', { ...given, log: [...log].reverse() }]
  for (const [name, value] of Object.entries(enabled)) {
    yield [`enabled ${name}`, { ...given, enabled: { ...enabled, [name]: !value } }]
  }
  for (const [name, stack] of Object.entries(stacks)) {
    yield [`stack ${name}`, { ...given, stacks: { ...stacks, [name]: [...stack, 'nobody'] } }]
  }
  for (const [name, wanted] of Object.entries(hooks)) {
    const { status, reach } = typeof wanted === 'string' ? { status: wanted, reach: undefined } : wanted
    const otherStatus = status === 'partial' ? 'gone' : 'partial'
    if (status !== undefined) yield [`hook ${name}`, { ...given, hooks: { ...hooks, [name]: otherStatus } }]
    const otherReach = { reach: reach === 'switched' ? 'none' : 'switched' } as const
    if (reach !== undefined) yield [`reach ${name}`, { ...given, hooks: { ...hooks, [name]: otherReach } }]
  }
  for (const [n, run] of runs.entries()) {
    for (const field of ['version', 'hook', 'value'] as const) {
      if (run[field] === undefined) continue
      const changed = runs.map((one, at) => (at === n ? { ...one, [field]: 'nobody' } : one))
      yield [`run ${n} ${field}`, { ...given, runs: changed }]
    }
  }
  if (transition === undefined) return
  if (transition === 'none') {
    yield ['transition', { ...given, transition: { patch: 'nobody', goal: 'patched' } }]
    return
  }
  yield ['transition', { ...given, transition: 'none' }]
  const other = transition.goal === 'patched' ? 'unpatched' : 'patched'
  yield ['goal', { ...given, transition: { ...transition, goal: other } }]
  const { waiting } = transition
  if (waiting !== undefined)
    yield ['waiting', { ...given, transition: { ...transition, waiting: [...waiting, 1] } }]
}
