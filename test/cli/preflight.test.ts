import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'
import { attached, booted, enabled, eventsOf, type HandMade, patched } from '../projections/hand-made.ts'
import { type Asked, askRecording } from './asked.ts'
import { klplog, temporaryDirectory } from './command-line.ts'
import { manifestPath } from './recording-paths.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

function file(name: string, content: unknown): string {
  const path = join(directory.path, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('klplog preflight on a recorded host', () => {
  let shadow: Asked
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(() => shadow.dispose())

  test('tells of the nop over the hook before it came, and what would have helped', async () => {
    const { exitCode, stdout } = await shadow.run(`preflight ${manifestPath} --patch lp_stuck --at +21`)
    expect(exitCode).toBe(1)
    expect(stdout).toContain('hyb-6f-nop-shadow/0 (hybrid): lp_stuck: at risk')
    expect(stdout).toMatch(/ov +lp_hook:lp_hook_getpgrp +bypassed +1\.0 ms +the transition completes/)
    expect(stdout).toContain('make lp_nopbase not replaceable first')
    const without = await shadow.run('what-if --without lp_nopbase -j')
    expect(JSON.parse(without.stdout)).toMatchObject({ gaps: { whatIf: [] } })
  })

  test('tells of the transition under way, and of a patch that is there', async () => {
    const refused = await shadow.run(`preflight ${manifestPath} --patch lp_cumul_v1 --at +25`)
    expect(refused.exitCode).toBe(1)
    expect(refused.stdout).toContain('refused with EBUSY (16)')
    expect(refused.stdout).toContain('wait until the transition of lp_stuck has completed')
    const present = await shadow.run(`preflight ${manifestPath} --patch lp_stuck --at +25`)
    expect(present).toMatchObject({ exitCode: 0 })
    expect(present.stdout).toContain('enabled already')
  })

  test.each<[what: string, line: () => string, exitCode: number, text: string]>([
    ['no file', () => 'preflight /nonexistent.json', 3, '/nonexistent.json does not exist'],
    ['no JSON', () => `preflight ${file('a.json', 'x')}`, 3, 'is no JSON'],
    ['no manifest', () => `preflight ${file('b.json', '[1]')}`, 3, 'b.json'],
    [
      'no livepatch',
      () => `preflight ${file('c.json', { mod: { functions: ['f'] } })}`,
      3,
      'no livepatch in it'
    ],
    ['several patches', () => `preflight ${manifestPath}`, 2, 'Choose one with --patch: lp_a'],
    ['a patch that is not there', () => `preflight ${manifestPath} --patch x`, 3, 'has no livepatch x'],
    [
      'no such stream',
      () => `preflight ${manifestPath} --patch lp_a --stream x`,
      2,
      'no stream fits --stream x'
    ]
  ])('asked with %s says what is wrong', async (_what, line, exitCode, text) => {
    const outcome = await shadow.run(line())
    expect(outcome.stderr).toContain(text)
    expect(outcome.stderr).toMatch(/^klplog: .+\n( {2}.+\n)+$/)
    expect(outcome).toMatchObject({ exitCode, stdout: '' })
  })
})

describe('klplog preflight on a fleet', () => {
  const db = join(directory.path, 'fleet.db')
  const fix = file('fix.json', {
    fix: { replace: true, objects: [{ functions: [{ old: 'f', new: 'fix_f' }] }] }
  })

  beforeAll(async () => {
    const log = await openSqliteLog({ path: db, readModels: [projections], durable: false })
    const hook: HandMade[] = [
      enabled(10, 'hook', ['f']),
      ...patched(11, 'hook'),
      attached(20, 'hook', 'hook_f')
    ]
    const streams: Record<string, HandMade[]> = {
      'web1/old': [booted('mainline'), ...hook],
      'web1/new': [booted('mainline')],
      'web2/1': [booted('mainline'), ...hook],
      'web3/1': [booted('mainline'), [9, 'evidence.lost', { count: 1, reason: 'overrun' }]]
    }
    for (const [stream, facts] of Object.entries(streams)) {
      const events = eventsOf(facts).map((event, n) => ({
        ...event,
        id: Buffer.from(`${stream} ${n}`.padEnd(16)).toString('hex')
      }))
      await log.append(stream, 'no-stream', events)
    }
    await log.close()
  })

  test('has a row for each host, as its last boot left it', async () => {
    const { exitCode, stdout } = await klplog(['preflight', fix, '--all-streams', '-j', '--db', db])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([
      { stream: 'web1/new', verdict: 'fine', unsure: null },
      { stream: 'web2/1', verdict: 'at-risk', hooks: [{ program: 'prog', effect: 'lost', atLeastNs: null }] },
      { stream: 'web3/1', verdict: 'fine', unsure: '1 records were lost: overrun' }
    ])
  })

  test('tells people of those at risk or unsure, and counts the others', async () => {
    const { stdout, stderr } = await klplog(['preflight', fix, '--all-streams', '--db', db])
    expect(stdout).toContain('web2/1 (mainline): fix: at risk')
    expect(stdout).toContain('Unsure: 1 records were lost: overrun')
    expect(stdout).toContain('1 host: nothing at risk')
    expect(stdout).not.toContain('web1')
    expect(stderr).toBe('1 of 3 hosts should not get fix as it is\n')
  })

  test('of an empty log says what to do', async () => {
    const empty = join(directory.path, 'empty.db')
    await (await openSqliteLog({ path: empty, readModels: [projections] })).close()
    for (const all of [[], ['--all-streams']]) {
      const outcome = await klplog(['preflight', fix, ...all, '--db', empty])
      expect(outcome).toMatchObject({ exitCode: 2, stdout: '' })
      expect(outcome.stderr).toContain('the log is empty')
    }
  })
})
