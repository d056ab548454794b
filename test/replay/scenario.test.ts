import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { emptyState, encodeState, fold } from '../../src/projections/index.ts'
import { readScenario, runScenario, ScenarioError } from '../../src/replay/index.ts'

const recordings = join(dirname(fileURLToPath(import.meta.url)), '../recordings')

const head = `title: A test
story: One patch, one task.
policy: mainline
modules:
  lp: {callbacks: true, objects: [{functions: [{old: f, new: lp_f, returns: 1}]}]}
tasks: [{pid: 10, comm: app}, {pid: 11, comm: worker}]
steps:
`

function scenario(steps: string) {
  return readScenario(head + steps, () => '')
}

function faultsOf(text: string): readonly { line: number; message: string }[] {
  try {
    readScenario(text, () => '{"lp": {"replace": "yes"}}')
  } catch (error) {
    if (error instanceof ScenarioError) return error.faults
  }
  return []
}

describe('a bad scenario is told what is wrong, and where', () => {
  it.each<[string, string, number, RegExp]>([
    ['YAML that ends too early', 'title: [a\nstory: b', 2, /flow collection|must be/i],
    ['a key that does not exist', `${head}  - insmod: lp\n    settles: true\n`, 8, /steps\.0: .*settles/],
    ['a value of the wrong kind', `${head}  - insmod: lp\n    settle: maybe\n`, 9, /steps\.0\.settle: /],
    ['no verb', `${head}  - note: hm\n`, 8, /step 1 says nothing that is done: give one of insmod/],
    ['two verbs', `${head}  - insmod: lp\n    rmmod: lp\n`, 8, /several things \(insmod, rmmod\)/],
    [
      'a module that nobody describes',
      `${head}  - insmod: lp\n  - insmod: pl\n`,
      9,
      /no module pl is described; there are lp/
    ],
    ['a task that is not there', `${head}  - switch: 12\n`, 8, /no task 12/],
    [
      'a task in an expectation',
      `${head}  - insmod: lp\n    expect: {runs: [{task: nobody, call: f}]}\n`,
      8,
      /no task nobody/
    ],
    ['a time that is none', `${head}  - insmod: lp\n    wait: soon\n`, 9, /no duration/],
    ['an errno that is none', `${head}  - insmod: lp\n    expect:\n      errno: no\n`, 10, /no errno/],
    ['no steps', head.replace('steps:\n', 'steps: []\n'), 7, /steps: /],
    ['no policy', `${head.replace('policy: mainline\n', '')}  - insmod: lp\n`, 1, /policy: /],
    [
      'a module with a slip',
      `${head.replace('callbacks', 'callback')}  - insmod: lp\n`,
      5,
      /modules\.lp: .*callback/
    ],
    ['a manifest with a slip', `manifest: m.json\n${head}  - insmod: lp\n`, 1, /m\.json: lp\.replace: /]
  ])('%s', (_, text, line, message) => {
    const faults = faultsOf(text)
    expect(faults.map((one) => one.message).join('\n')).toMatch(message)
    expect(faults.map((one) => one.line)).toContain(line)
  })

  it('all at once, in the order of the lines', () => {
    const faults = faultsOf(`${head}  - {insmod: lp, wait: x}\n  - {}\n  - {force: [lp]}\n`)
    expect(faults.map(({ line }) => line)).toEqual([8, 9, 10])
  })

  it('says when a manifest cannot be read', () => {
    const read = () =>
      readScenario(`manifest: no.json\n${head}  - insmod: lp\n`, () => {
        throw new Error('there is no such file')
      })
    expect(read).toThrow('line 1: no.json: there is no such file')
  })
})

describe('a run', () => {
  it('takes the time that the steps say', () => {
    const { steps } = runScenario(
      scenario(`  - {insmod: lp, busy: {app: running}}
  - {try: 2, wait: 1.5s, busy: {app: running}}
  - {look: later, at: 10s, settle: true}
  - {disable: lp, wait: 250ms}
`)
    )
    expect(steps.map(({ startNs }) => startNs / 1_000_000n)).toEqual([100n, 1600n, 10_000n, 11_250n])
    const tried = steps.flatMap(({ facts }) => facts.filter(({ type }) => type === 'transition.tried'))
    expect(tried.map(({ uptimeNs }) => uptimeNs / 1_000_000n)).toEqual([100n, 1600n, 2600n, 11_000n, 11_250n])
  })

  it('does not turn the clock back', () => {
    const { steps, ok } = runScenario(scenario('  - {insmod: lp, at: 5s}\n  - {look: earlier, at: 2s}\n'))
    expect(steps[1]?.failures).toEqual([
      { what: 'at', expected: '2s', found: 'later: the steps before last 5000 ms' }
    ])
    expect(ok).toBe(false)
  })

  it('wants every step to succeed that says nothing else', () => {
    const { steps, ok } = runScenario(scenario('  - rmmod: lp\n  - {force: lp, expect: {errno: 2}}\n'))
    expect(steps.map(({ failures }) => failures)).toEqual([
      [{ what: 'errno', expected: 'ok', found: 'ENOENT' }],
      []
    ])
    expect(ok).toBe(false)
  })

  it('says for whom it waits when it does not get quiet', () => {
    const { steps } = runScenario(
      scenario('  - {call: f, task: worker}\n  - {insmod: lp, settle: true}\n  - {switch: 10}\n')
    )
    expect(steps[1]?.failures).toEqual([
      { what: 'settle', expected: 'quiet', found: 'still waiting for worker (sleeping)' }
    ])
  })

  it('knows who forked and who is gone', () => {
    const { steps, ok } = runScenario(
      scenario(`  - {insmod: lp, busy: {app: running}}
  - fork: 20
    from: app
    comm: child
    expect:
      transition: {patch: lp, goal: patched, waiting: [app, child]}
      runs: [{task: child, call: f, version: original}]
  - {exit: child}
  - {switch: app, expect: {runs: [{task: app, call: f, version: lp, value: 1}]}}
  - {switch: child}
  - {look: the end, settle: true, expect: {transition: none}}
`)
    )
    expect(steps.flatMap(({ failures }) => failures)).toEqual([
      { what: 'step', expected: 'a task', found: 'there is no task child just now' }
    ])
    expect(ok).toBe(false)
  })

  it('is the same each time, and its facts alone give its state', () => {
    const story = scenario(`  - {insmod: lp, busy: {app: running}}
  - {attach: prog, to: 'lp:lp_f'}
  - {disable: lp, settle: true}
  - {sysctl: kernel.ftrace_enabled, value: 0}
`)
    const [one, two] = [runScenario(story), runScenario(story)]
    expect(encodeState(two.end)).toBe(encodeState(one.end))
    const facts = [...one.beginning, ...one.steps.flatMap((step) => step.facts)]
    const events = facts.map((fact, n) => ({ ...fact, position: n + 1 }))
    expect(encodeState(fold(emptyState(), events))).toBe(encodeState(one.end))
  })

  it('takes another policy and another kernel', () => {
    const story = scenario('  - {insmod: lp, settle: true}\n  - {replaceable: lp, value: true}\n')
    expect(runScenario(story).steps[1]?.errno).toBe(2)
    expect(runScenario(story, { policy: 'hybrid' }).steps[1]?.errno).toBe(0)
    expect(runScenario(story, { kernel: '7.2' }).end.hasStackOrder).toBe(true)
  })
})

it("reads the recordings' manifest, and adds its own modules", () => {
  const story = readScenario(
    `manifest: modules.json
title: A hook
story: With the modules of the recordings.
policy: hybrid
returns: {__x64_sys_getpgrp: 0}
modules: {lp_target: {functions: [lp_target_value]}}
tasks: [{pid: 10, comm: app}]
steps:
  - {insmod: lp_target}
  - {insmod: lp_modval, settle: true, expect: {log: ['lp_modval: pre_patch lp_target ret=0']}}
  - {insmod: lp_hook, settle: true}
  - {attach: ov, to: 'lp_hook:lp_hook_getpgrp', override: 4242}
  - {insmod: lp_cumul_v1, settle: true}
expect:
  patches: [lp_hook, lp_cumul_v1]
  runs: [{task: app, call: __x64_sys_getpgrp, version: lp_hook, hook: ov, value: 4242}]
`,
    (path) => readFileSync(join(recordings, path), 'utf8')
  )
  const { steps, failures } = runScenario(story)
  expect([...steps.flatMap((one) => one.failures), ...failures]).toEqual([])
})
