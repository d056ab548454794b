import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ingestRecording, recordings } from '../support/recordings.ts'
import { parseXml } from '../support/xml.ts'
import { klplog, temporaryDirectory } from './command-line.ts'
import { parseAnswer } from './contract.ts'

/** What a user sees of `klplog replay`, on the recording in which a nop switches a hook off. */

let recording: Awaited<ReturnType<typeof ingestRecording>>
const directory = temporaryDirectory()
const file = (name: string) => join(directory.path, name)

beforeAll(async () => {
  const found = recordings().find(({ name }) => name === 'hyb-6f-nop-shadow')
  if (found === undefined) throw new Error('no recording hyb-6f-nop-shadow')
  recording = await ingestRecording(found, () => true)
})

afterAll(async () => {
  await recording.log.dispose()
  directory.remove()
})

const replay = (...args: readonly string[]) =>
  klplog(['replay', ...args], { env: { KLPLOG_DB: recording.log.path } })

type Report = {
  findings: { invariant: string; faults: { fault: string }[]; scenario: string | null }[]
  injections: number
  differences: string[]
  request: { seed: number | null; policy: string }
}

test('without faults it comes to the recorded state and tells what broke on the way', async () => {
  const { exitCode, stdout } = await replay('-o', 'json')
  const report = parseAnswer('replay', stdout) as Report
  expect(exitCode).toBe(1)
  expect(report.differences).toEqual([])
  expect(report.findings.map(({ invariant }) => invariant)).toEqual(
    expect.arrayContaining(['S5', 'S6', 'S8', 'S15', 'K6'])
  )
})

test('under a policy that the kernel did not have the state is another, and that is told', async () => {
  const { stdout } = await replay('--policy', 'mainline', '--to', '+35')
  expect(stdout).toContain('not as recorded (- recorded, + model):')
})

describe('a fault', () => {
  test('is swept over all places, and what it breaks is a story that simulate shows as well', async () => {
    const { exitCode, stdout } = await replay('--fault', 'force', '-o', 'json')
    const { findings, injections } = parseAnswer('replay', stdout) as Report
    expect(exitCode).toBe(1)
    expect(injections).toBeGreaterThan(5)
    expect(findings).toMatchObject([{ invariant: 'F2', faults: [{ fault: 'force' }] }])
    writeFileSync(file('force.yaml'), findings[0]?.scenario ?? '')
    const simulated = await klplog(['simulate', file('force.yaml'), '--check'])
    expect(simulated.exitCode).toBe(1)
    expect(simulated.stdout).toContain('! F2: lp_hook is pinned for ever')
  })

  test.each([['force@try'], ['force@+24'], ['force@@170'], ['force@170']])('happens at %s', async (fault) => {
    const { exitCode, stdout } = await replay('--fault', fault, '-o', 'json')
    expect(exitCode).toBe(1)
    const { injections, findings } = parseAnswer('replay', stdout) as Report
    expect(injections).toBeLessThan(12)
    expect(findings.map(({ invariant }) => invariant)).toEqual(['F2'])
  })

  test.each([
    { fault: 'nosuch', says: 'no fault is called "nosuch"', hint: 'stalled-task' },
    { fault: 'force@', says: '--fault force@ does not say where', hint: 'a moment' },
    { fault: 'force@blub', says: '"blub" is neither a moment nor an operation', hint: 'insmod' },
    { fault: 'force@+2', says: 'force@+2 does not apply there', hint: 'before try' },
    { fault: 'force@+90', says: 'behind the last operation', hint: 'a moment' },
    { fault: 'force@@9999', says: 'the stream has no event @9999', hint: 'a moment' },
    { fault: 'target-module-comes', says: 'does not apply anywhere in this history', hint: 'transition' }
  ])('$fault is refused, with what to do', async ({ fault, says, hint }) => {
    const { exitCode, stdout, stderr } = await replay('--fault', fault)
    expect(exitCode).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(says)
    expect(stderr).toContain(hint)
  })

  test('at random follows from the seed', async () => {
    const random = async (seed: string) =>
      parseAnswer('replay', (await replay('--runs', '8', '--seed', seed, '-o', 'json')).stdout) as Report
    const [one, again] = [await random('3'), await random('3')]
    expect(again).toEqual(one)
    expect(one.injections).toBe(8)
    expect(one.request.seed).toBe(3)
  })

  test('sweep that is stopped tells what it found so far', async () => {
    const { exitCode, stdout, stderr } = await klplog(['replay', '--faults', 'kernel', '-o', 'json'], {
      env: { KLPLOG_DB: recording.log.path },
      interrupt: (press) => setTimeout(press, 20)
    })
    expect(exitCode).toBe(130)
    expect(stderr).toContain('stopped')
    expect(parseAnswer('replay', stdout)).toMatchObject({ complete: false })
  })
})

describe('a report', () => {
  const bears = ['hyb-6f-nop-shadow/0', 'hybrid', '0.1.0']
  let head = ''

  beforeAll(async () => {
    const names = ['r.json', 'r.xml', 'r.sarif', 'r.html', 'r.txt'].flatMap((name) => [
      '--report',
      file(name)
    ])
    await replay('--fault', 'force', '--fault', 'detach', ...names)
    const verified = await klplog(['verify', '-o', 'json'], { env: { KLPLOG_DB: recording.log.path } })
    head = (JSON.parse(verified.stdout) as { head: string }).head
  })

  test.each(['r.json', 'r.xml', 'r.sarif', 'r.html', 'r.txt'])('as %s bears all that it was', (name) => {
    const text = readFileSync(file(name), 'utf8')
    for (const one of [...bears, head, 'seed', 'F2']) expect(text).toContain(one)
  })

  test('as JUnit has a test case for each fault, and a failure for each finding', () => {
    const root = parseXml(readFileSync(file('r.xml'), 'utf8'))
    expect(root).toMatchObject({ name: 'testsuites', attributes: { tests: '2', failures: '1', errors: '0' } })
    const [suite] = root.children
    const cases = suite?.children.filter(({ name }) => name === 'testcase') ?? []
    expect(cases.map(({ attributes }) => attributes.name)).toEqual(['force', 'detach'])
    expect(cases.map(({ children }) => children.length)).toEqual([1, 0])
    expect(cases[0]?.children[0]?.attributes.message).toContain('lp_hook is pinned for ever')
    expect(cases[0]?.children[0]?.text).toContain('an administrator: force lp_stuck')
  })

  test('as SARIF is as 2.1.0 wants it', () => {
    const log = sarif.parse(JSON.parse(readFileSync(file('r.sarif'), 'utf8')))
    const [run] = log.runs
    for (const { ruleId, ruleIndex } of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
    }
    expect(run?.results).toMatchObject([{ ruleId: 'F2', level: 'error' }])
  })

  test('as HTML asks for nothing from anywhere, and has the story with its lanes', () => {
    const page = readFileSync(file('r.html'), 'utf8')
    expect(page).not.toMatch(/https?:|<script|<link|src=|@import|url\(/)
    expect(page).toContain('prefers-color-scheme: dark')
    expect(page.match(/<svg /g)).toHaveLength(1)
    expect(page).toContain('an administrator: force lp_stuck')
  })

  test('repeated comes out the same, and a changed one does not', async () => {
    const same = await replay('--repeat', file('r.json'))
    expect(same).toMatchObject({ exitCode: 0 })
    expect(same.stdout).toContain('the same: 1 finding')
    const report = JSON.parse(readFileSync(file('r.json'), 'utf8')) as Report & { digest: string }
    const other = { ...report, digest: '0'.repeat(64), findings: [] }
    writeFileSync(file('other.json'), JSON.stringify(other))
    const differs = await replay('--repeat', file('other.json'))
    expect(differs.exitCode).toBe(1)
    expect(differs.stdout).toContain('F2 of lp_hook with force is new')
    expect(differs.stdout).toContain('the state without faults is')
  })

  test('of another kind is refused', async () => {
    writeFileSync(file('no.json'), '{}')
    expect(await replay('--repeat', file('no.json'))).toMatchObject({ exitCode: 3 })
    const refused = await replay('--fault', 'force@try', '--report', file('r.pdf'))
    expect(refused.exitCode).toBe(2)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toContain('.sarif')
  })
})

/** What SARIF 2.1.0 requires of what the report has: names and types as in its schema. */
const message = z.strictObject({ text: z.string().min(1) })
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string(),
          version: z.string(),
          rules: z.array(z.strictObject({ id: z.string(), shortDescription: message }))
        })
      }),
      invocations: z.array(z.strictObject({ executionSuccessful: z.boolean() })),
      automationDetails: z.strictObject({ id: z.string() }),
      properties: z.record(z.string(), z.string()),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.enum(['none', 'note', 'warning', 'error']),
          message,
          locations: z.array(
            z.strictObject({
              physicalLocation: z
                .strictObject({
                  artifactLocation: z.strictObject({ uri: z.string() }),
                  region: z.strictObject({ startLine: z.int().min(1) })
                })
                .optional(),
              logicalLocations: z.array(
                z.strictObject({ fullyQualifiedName: z.string(), name: z.string(), kind: z.string() })
              )
            })
          ),
          partialFingerprints: z.record(z.string(), z.string()),
          codeFlows: z
            .array(
              z.strictObject({
                threadFlows: z.array(
                  z.strictObject({
                    locations: z
                      .array(
                        z.strictObject({
                          executionOrder: z.int().min(0),
                          importance: z.enum(['important', 'essential', 'unimportant']),
                          location: z.strictObject({ message })
                        })
                      )
                      .min(1)
                  })
                )
              })
            )
            .optional(),
          properties: z.record(z.string(), z.unknown())
        })
      )
    })
  )
})
