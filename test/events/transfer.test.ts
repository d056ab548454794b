import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportLog, ImportError, importLog, StoreError } from '../../src/events/index.ts'
import type { Harness } from './log-contract.ts'
import { switches } from './sample-events.ts'
import { sqliteHarness } from './sqlite-harness.ts'

/** The contract has the round trip; here are the files that must be refused. */
describe('importLog', () => {
  let lines: string[]
  const harnesses: Harness[] = []

  async function emptyLog() {
    const harness = await sqliteHarness()
    harnesses.push(harness)
    return harness.open()
  }

  beforeAll(async () => {
    const log = await emptyLog()
    await log.append('a/1', 'any', switches(1, 3))
    await log.append('b/1', 'any', switches(4, 2))
    await log.append('a/1', 'any', switches(6, 1))
    await log.reject([{ stream: null, source: 's', line: 9, reason: 'r', raw: 'what' }])
    lines = []
    for await (const line of exportLog(log)) lines.push(line)
  })

  afterAll(async () => {
    for (const harness of harnesses) await harness.drop()
  })

  it('reads one JSON object a line: header, events with their commit, rejected evidence, end', () => {
    const values = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(values[0]).toEqual({ klplog: 1 })
    expect(values[1]).toEqual({
      position: 1,
      stream: 'a/1',
      revision: 1,
      id: '00000000000000000000000000000001',
      type: 'task.switched',
      version: 1,
      uptimeNs: '1000000',
      wallNs: null,
      pid: 1,
      flags: 0,
      data: { patch: 'lp_a', goal: 'patched', pid: 1, comm: 'kworker/0:1', how: 'checked' },
      source: 'trace.txt',
      line: 1,
      raw: 'raw 1'
    })
    expect(values.map((value) => Object.keys(value)[0])).toEqual([
      'klplog',
      ...['position', 'position', 'position', 'commit'],
      ...['position', 'position', 'commit'],
      ...['position', 'commit'],
      'rejected',
      'end'
    ])
    expect(values.at(-1)).toMatchObject({ end: { commits: 3, events: 6, rejected: 1 } })
  })

  const event = 2
  const commit = 4
  it.each<[what: string, change: (all: string[]) => string[], line: number, message: RegExp]>([
    ['another text', () => ['Linux version 6.12'], 1, /JSON/],
    ['no header', (all) => all.slice(1), 1, /no header/],
    ['a newer format', (all) => ['{"klplog":2}', ...all.slice(1)], 1, /format 2/],
    ['two files in one', (all) => [...all.slice(0, -1), ...all], 12, /second header/],
    ['a line behind the end', (all) => [...all, all[1] as string], 13, /after the end line/],
    [
      'an event that was changed',
      (all) => all.with(event, (all[event] as string).replace('raw 2', 'raw 3')),
      5,
      /commit 1 does not fit/
    ],
    [
      'a time that was changed',
      (all) => all.with(event, (all[event] as string).replace('"2000000"', '"2000001"')),
      5,
      /commit 1 does not fit/
    ],
    [
      'a time that is no integer',
      (all) => all.with(event, (all[event] as string).replace('"2000000"', '"2e6"')),
      3,
      /"2e6" is no 64-bit integer/
    ],
    [
      'a field that is missing',
      (all) => all.with(event, (all[event] as string).replace('"flags":0,', '')),
      3,
      /flags: is missing/
    ],
    ['an event that is missing', (all) => all.toSpliced(event, 1), 4, /commit 1 does not fit/],
    [
      'events in another order',
      (all) => all.with(1, all[2] as string).with(2, all[1] as string),
      5,
      /commit 1 does not fit/
    ],
    ['a commit that is missing', (all) => all.toSpliced(commit, 1), 7, /commit 2 does not fit/],
    [
      'a digest that was changed',
      (all) => all.with(commit, (all[commit] as string).replace(/.$/, '').replace(/[0-9a-f]"$/, 'x"}')),
      5,
      /commit 1 does not fit/
    ],
    ['a file that was cut off', (all) => all.slice(0, 9), 10, /ends before its end line/],
    ['rejected evidence that is missing', (all) => all.toSpliced(-2, 1), 11, /end line counts/],
    ['something else', (all) => all.with(-1, '{"hello":1}'), 12, /neither an event/]
  ])('refuses %s and names the line', async (_, change, line, message) => {
    const log = await emptyLog()
    const error: unknown = await importLog(log, change(lines)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ImportError)
    expect(error).toMatchObject({ code: 'import', line })
    expect((error as ImportError).message).toMatch(message)
    expect((error as ImportError).hint).not.toBe('')
    expect((await log.verify()).ok).toBe(true)
  })

  it('refuses to import into a log that went another way, at the commit where they part', async () => {
    const log = await emptyLog()
    await log.append('a/1', 'any', switches(1, 3))
    await log.append('b/1', 'any', switches(4, 1))
    await expect(importLog(log, lines)).rejects.toThrow(/^line 8: the log has another commit 2$/)
  })

  it('skips what a longer log has already', async () => {
    const log = await emptyLog()
    await importLog(log, lines)
    await log.append('a/1', 'any', switches(7, 1))
    expect(await importLog(log, [...lines, ''])).toMatchObject({ written: 0, events: 6, commits: 3 })
  })

  it('names the line of a commit that the log refuses, and why', async () => {
    const log = await emptyLog()
    const foreign = await emptyLog()
    await foreign.append('a/1', 'any', switches(1, 1))
    const exported: string[] = []
    for await (const text of exportLog(foreign)) exported.push(text)
    const readOnly = {
      ...log,
      commits: log.commits.bind(log),
      reject: log.reject.bind(log),
      restore: refuse
    } as never
    await expect(importLog(readOnly, exported)).rejects.toThrow(/^line 3: commit 1 was refused: .*read-only$/)
  })
})

async function refuse(): Promise<void> {
  throw new StoreError('read-only', 'the log was opened read-only', 'Open it for writing.')
}
