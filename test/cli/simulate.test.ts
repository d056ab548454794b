import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { klplog, temporaryDirectory } from './command-line.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const examples = join(root, 'examples')
const nop = join(examples, 'nop-over-hook-hybrid.yaml')

let place: ReturnType<typeof temporaryDirectory>
let env: Record<string, string>
beforeAll(() => {
  place = temporaryDirectory()
  env = { KLPLOG_DB: join(place.path, 'log.db') }
})
afterAll(() => place.remove())

function file(name: string, text: string): string {
  const path = join(place.path, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const simulate = (...args: string[]) => klplog(['simulate', ...args], { env })

describe('a scenario', () => {
  it('is shown step by step, with what changed', async () => {
    const { exitCode, stdout, stderr } = await simulate(nop)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain('An unrelated update switches a hook off')
    expect(stdout).toContain('6  +0.600000  insmod lp_stuck\n')
    expect(stdout).toContain(
      '  ~ vmlinux:__x64_sys_getpgrp: lp_hook > lp_nopbase -> nop(lp_stuck) > lp_hook > lp_nopbase\n'
    )
    expect(stdout).toMatch(/~ hook ov: active -> shadowed, reached by all -> unswitched \(a nop of lp_stuck/)
    expect(stdout).toContain('  ~ transition: none -> lp_stuck to patched, waiting for worker:101\n')
  })

  it('is one JSON document', async () => {
    const { stdout } = await simulate(nop, '-j')
    const { policy, ok, steps, end } = JSON.parse(stdout) as {
      policy: string
      ok: boolean
      steps: { line: number; step: string; errno: number; log: string[] }[]
      end: { stack: { patches: { name: string }[] }; hooks: { program: string; status: string }[] }
    }
    expect({ policy, ok, errnos: steps.map(({ errno }) => errno) }).toEqual({
      policy: 'hybrid',
      ok: true,
      errnos: steps.map(() => 0)
    })
    expect(steps[5]?.log).toContain("livepatch: 'lp_stuck': starting patching transition")
    expect(end.stack.patches.map(({ name }) => name)).toEqual(['lp_hook', 'lp_stuck'])
    expect(end.hooks).toMatchObject([{ program: 'ov', status: 'active' }])
  })

  it('says under another policy what does not come true, with its lines', async () => {
    const { exitCode, stderr } = await simulate(nop, '--policy', 'replace-set', '-o', 'dmesg')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^klplog: \d+ expectations did not come true under replace-set; .* for hybrid$/m)
    expect(stderr).toContain(`${nop}:33: errno: expected ok, found EINVAL\n`)
  })

  it('gives a kernel log that ingest understands', async () => {
    const { stdout } = await simulate(join(examples, 's10-reversed-replace-mainline.yaml'), '-o', 'dmesg')
    expect(stdout).toMatch(/^\[ {4}0\.100000\] livepatch: enabling patch 'old'$/m)
    const db = join(place.path, 'dmesg.db')
    const path = file('dmesg.txt', stdout)
    await klplog(['ingest', path, '--host', 'h', '--policy', 'mainline', '--db', db], { env })
    const stack = await klplog(['stack', '--db', db, '-j'], { env })
    expect(JSON.parse(stack.stdout)).toMatchObject({ patches: [{ name: 'old', enabled: true }] })
  })

  it.each([
    [
      'is no scenario',
      'title: x\nsteps: [{insmod: a}]\n',
      /^klplog: .*bad\.yaml is no scenario\n {2}.*bad\.yaml:1: story: /
    ],
    ['is no YAML', 'title: [x\n', /bad\.yaml:\d+: /]
  ])('that %s is refused with line numbers', async (_, text, said) => {
    const { exitCode, stderr } = await simulate(file('bad.yaml', text))
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(said)
  })

  it('names a manifest relative to itself', async () => {
    const modules = { lp: { objects: [{ functions: [{ old: 'f', new: 'lp_f' }] }] } }
    file('sub/mods.json', JSON.stringify(modules))
    const text = 'title: t\nstory: s\npolicy: mainline\nmanifest: mods.json\nsteps: [{insmod: lp}]\n'
    expect((await simulate(file('sub/s.yaml', text))).stdout).toContain('+ patch lp')
    const { exitCode, stderr } = await simulate(file('s.yaml', text))
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/s\.yaml:4: mods\.json: /)
  })

  it('needs a file that is there', async () => {
    const { exitCode, stderr } = await simulate(join(place.path, 'none.yaml'))
    expect(exitCode).toBe(3)
    expect(stderr).toContain('none.yaml does not exist')
  })
})

describe('-o log', () => {
  it('appends a stream that every other command works on, once', async () => {
    const first = await simulate(nop, '-o', 'log')
    expect(first).toMatchObject({ exitCode: 0, stdout: 'simulated/nop-over-hook-hybrid\n' })
    expect(first.stderr).toMatch(/: \d+ events\n$/)
    expect((await simulate(nop, '-o', 'log')).stderr).toContain('is there already')
    const of = ['--stream', 'simulated/nop-over-hook-hybrid', '-j']
    const stack = await klplog(['stack', ...of, '--at', '+5'], { env })
    expect(JSON.parse(stack.stdout)).toMatchObject({
      policy: 'hybrid',
      transition: { patch: 'lp_stuck', goal: 'patched', switched: 1, blocked: 1 }
    })
    const gaps = await klplog(['gaps', ...of, '--task', '100'], { env })
    expect(JSON.parse(gaps.stdout)).toMatchObject([
      { program: 'ov', fromNs: '600000000', toNs: '11000000000' }
    ])
    expect((await klplog(['verify'], { env })).exitCode).toBe(0)
  })

  it('has the steps of the file as evidence', async () => {
    const { stdout } = await klplog(['log', '--stream', 'simulated/nop-over-hook-hybrid', '-j'], { env })
    const events = JSON.parse(stdout) as { type: string; evidence: { source: string; line: number } }[]
    const attached = events.find(({ type }) => type === 'hook.attached')
    expect(attached?.evidence).toMatchObject({ source: nop, line: 33 })
    expect(readFileSync(nop, 'utf8').split('\n')[32]).toContain('attach: ov')
  })

  it('keeps runs on other kernels apart, and takes a name', async () => {
    expect((await simulate(nop, '-o', 'log', '--policy', 'mainline', '--kernel', '7.2')).stdout).toBe(
      'simulated/nop-over-hook-hybrid.mainline.7.2\n'
    )
    expect((await simulate(nop, '--stream', 'what/if')).stdout).toBe('what/if\n')
  })

  it('does not mix two histories', async () => {
    const changed = file(
      'nop-over-hook-hybrid.yaml',
      readFileSync(nop, 'utf8').replace('wait: 300ms', 'wait: 301ms')
    )
    const { exitCode, stderr } = await simulate(changed, '-o', 'log')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('another history of simulated/nop-over-hook-hybrid')
    expect((await simulate(nop, '-o', 'dmesg', '--stream', 'x')).exitCode).toBe(2)
  })
})

describe("a transcript of the kernel's selftests", () => {
  const modules = {
    lp: { livepatch: true, objects: [{ name: null, funcs: [['f', 'lp_f']], callbacks: [] }] },
    lp2: { livepatch: true, objects: [{ name: null, funcs: [['g', 'lp2_g']], callbacks: [] }] },
    api: { livepatch: false, init: 'its own lines' }
  }
  const lines = [
    '% insmod test_modules/lp.ko',
    "livepatch: enabling patch 'lp'",
    "livepatch: 'lp': initializing patching transition",
    "livepatch: 'lp': starting patching transition",
    "livepatch: 'lp': completing patching transition",
    "livepatch: 'lp': patching complete"
  ]
  const transcript = (expected: readonly string[], more: object = {}) =>
    JSON.stringify({ test: 'one', ops: [{ op: 'load_lp', mod: 'lp' }], expected_dmesg: expected, ...more })

  it('is as the model predicts it, or differs in a line', async () => {
    file('t/modules.json', JSON.stringify(modules))
    const same = await simulate(file('t/same.json', transcript(lines)))
    expect(same).toMatchObject({
      exitCode: 0,
      stdout: 'one (mainline): all 6 lines are as the model predicts them\n'
    })
    const other = await simulate(file('t/other.json', transcript([...lines.slice(0, 4), 'something else'])))
    expect(other.exitCode).toBe(1)
    expect(other.stdout).toBe(
      "one (mainline): line 5 differs\n- something else\n+ livepatch: 'lp': completing patching transition\n"
    )
  })

  it('gives the log that the model predicts, whatever was expected', async () => {
    const { stdout, exitCode } = await simulate(file('t/none.json', transcript([])), '-o', 'dmesg')
    expect(stdout).toBe(`${lines.join('\n')}\n`)
    expect(exitCode).toBe(1)
    const json = await simulate(join(place.path, 't/none.json'), '-j')
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      lines,
      difference: { line: 1, expected: null }
    })
  })

  it('runs under replace-set when it is the version of it, with the modules of the directory above', async () => {
    const path = file('t/replace_set_v2/x.json', transcript(lines, { base: 'one' }))
    expect((await simulate(path)).stdout).toContain('one (replace-set): all 6 lines')
    expect((await simulate(path, '--policy', 'mainline')).stdout).toContain('one (mainline): all 6 lines')
  })

  it('says which module it has no model of', async () => {
    const ops = [
      { op: 'load_mod', mod: 'api' },
      { op: 'unload_mod', mod: 'api' }
    ]
    const expected = ['% insmod test_modules/api.ko', 'api: get', '% rmmod api']
    const { exitCode, stdout, stderr } = await simulate(
      file('t/api.json', transcript(expected, { ops })),
      '-o',
      'dmesg'
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${expected.join('\n')}\n` })
    expect(stderr).toContain('api tests an API that is not modelled')
  })

  it('needs its modules, and is not for the database', async () => {
    const alone = await simulate(file('alone/x.json', transcript(lines)))
    expect(alone.exitCode).toBe(3)
    expect(alone.stderr).toContain('modules.json does not exist')
    expect((await simulate(join(place.path, 't/same.json'), '-o', 'log')).exitCode).toBe(2)
    expect((await simulate(file('t/broken.json', '{'))).stderr).toContain('is no JSON')
  })

  const kernels = join(root, '../shared/selftests/test-callbacks.sh__1.json')
  it.runIf(existsSync(kernels))("the kernel's own", async () => {
    const { exitCode, stdout } = await simulate(kernels, '-o', 'dmesg')
    const { expected_dmesg: expected } = JSON.parse(readFileSync(kernels, 'utf8')) as {
      expected_dmesg: string[]
    }
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${expected.join('\n')}\n` })
  })
})
