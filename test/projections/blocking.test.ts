import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blockingOf, type TransitionWait } from '../../src/projections/index.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'
import { enabled, type HandMade, handMade, STREAM } from './hand-made.ts'

async function ofRecording(name: string): Promise<{ waits: TransitionWait[]; trace: string }> {
  const recording = recordings().find((one) => one.name === name)
  if (recording === undefined) throw new Error(`no recording ${name}`)
  const { log, stream } = await ingestRecording(recording, () => true)
  const waits = await blockingOf(log, stream)
  await log.dispose()
  return { waits, trace: readFileSync(join(recording.path, 'trace.txt'), 'utf8') }
}

async function ofHistory(facts: readonly HandMade[], range = {}): Promise<TransitionWait[]> {
  const log = await handMade(facts)
  const waits = await blockingOf(log, STREAM, range)
  await log.dispose()
  return waits
}

const towards = { patch: 'lp_a', goal: 'patched' } as const
const blocked = (ms: number, pid: number, reason: 'sleeping' | 'running' = 'sleeping'): HandMade => [
  ms,
  'task.blocked',
  { ...towards, pid, comm: `task${pid}`, reason, function: reason === 'sleeping' ? 'f' : null }
]
const switched = (ms: number, pid: number): HandMade => [
  ms,
  'task.switched',
  { ...towards, pid, comm: `task${pid}`, how: 'checked' }
]
const begin: HandMade[] = [enabled(10, 'lp_a', ['f']), [11, 'transition.started', towards]]

describe('what transitions of real kernels waited for', () => {
  test('an uninterruptible sleeper that no signal helps', async () => {
    const { waits, trace } = await ofRecording('up-7c-signal')
    const tries = trace.split('labctl:171 is sleeping on function lp_target_busy').length - 1
    expect(tries).toBeGreaterThan(25)
    expect(waits.map(({ patch, goal }) => `${patch} ${goal}`)).toEqual([
      'lp_busy patched',
      'lp_busy unpatched'
    ])
    const [wait, undo] = waits
    expect(wait?.signaledNs).toBe(26_952_846_000n)
    expect(wait?.forcedNs).toBeNull()
    expect(wait?.tasks[0]).toMatchObject({
      pid: 171,
      comm: 'labctl',
      reason: 'sleeping',
      function: 'lp_target_busy',
      tries,
      endedBy: 'switched'
    })
    expect(wait?.tasks[1]).toMatchObject({ pid: 56, reason: 'running', function: null, tries: 1 })
    expect(undo?.tasks).toEqual([])
  })

  test('a force ends the wait where no switch did', async () => {
    const { waits } = await ofRecording('up-7b-force')
    const [wait, undo] = waits
    expect(wait?.forcedNs).toBe(6_118_866_000n)
    expect(wait?.tasks).toMatchObject([{ pid: 64, tries: 3, toNs: 6_118_866_000n, endedBy: 'forced' }])
    expect(undo?.tasks.find(({ pid }) => pid === 0)).toMatchObject({
      comm: 'swapper/1',
      endedBy: 'switched'
    })
  })
})

describe('blockingOf', () => {
  test('a wait lasts from the first failed try to the switch', async () => {
    const facts = [...begin, switched(12, 7), blocked(12, 5, 'running'), blocked(1012, 5), switched(1500, 5)]
    const [wait] = await ofHistory(facts)
    expect(wait).toMatchObject({ patch: 'lp_a', switched: 2, toNs: null })
    expect(wait?.tasks).toEqual([
      {
        pid: 5,
        comm: 'task5',
        reason: 'sleeping',
        function: 'f',
        fromNs: 12_000_000n,
        toNs: 1_500_000_000n,
        tries: 2,
        endedBy: 'switched'
      }
    ])
  })

  test('who still waits comes first, then the longest', async () => {
    const facts = [...begin, ...[1, 2, 3].map((pid) => blocked(20, pid)), switched(30, 1), switched(40, 2)]
    const [wait] = await ofHistory(facts)
    expect(wait?.tasks.map(({ pid, endedBy }) => [pid, endedBy])).toEqual([
      [3, null],
      [2, 'switched'],
      [1, 'switched']
    ])
  })

  test('a try that was written after the switch is none', async () => {
    const [wait] = await ofHistory([...begin, switched(12, 5), blocked(12, 5)])
    expect(wait).toMatchObject({ switched: 1, tasks: [] })
  })

  test('a task that never switched waited until the transition ended', async () => {
    const facts: HandMade[] = [...begin, blocked(20, 5), [900, 'transition.completed', towards]]
    const [wait] = await ofHistory(facts)
    expect(wait?.tasks).toMatchObject([{ toNs: 900_000_000n, endedBy: 'transition' }])
  })

  test('a reversed transition is two', async () => {
    const back = { patch: 'lp_a', goal: 'unpatched' } as const
    const facts: HandMade[] = [
      ...begin,
      switched(12, 7),
      blocked(12, 5),
      [2000, 'transition.reversed', back],
      [2000, 'transition.started', back],
      [2001, 'task.switched', { ...back, pid: 7, comm: 'task7', how: 'self' }],
      [2002, 'transition.completed', back]
    ]
    const waits = await ofHistory(facts)
    expect(waits.map(({ goal, tasks }) => [goal, tasks.length])).toEqual([
      ['patched', 1],
      ['unpatched', 0]
    ])
    expect(waits[0]?.tasks[0]).toMatchObject({ toNs: 2_000_000_000n, endedBy: 'transition' })
  })

  test('a history that begins inside a transition counts its first try', async () => {
    const [wait] = await ofHistory([blocked(20, 5)])
    expect(wait?.tasks).toMatchObject([{ pid: 5, tries: 1 }])
  })

  test('a range keeps the transitions and the waits that it touches', async () => {
    const facts: HandMade[] = [...begin, blocked(20, 5), switched(30, 5), blocked(500, 6), switched(600, 6)]
    const [wait] = await ofHistory(facts, { sinceNs: 100_000_000n })
    expect(wait?.tasks.map(({ pid }) => pid)).toEqual([6])
    expect(await ofHistory(facts, { untilNs: 5_000_000n })).toEqual([])
  })
})
