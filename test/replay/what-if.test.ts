import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Policy, StoredEvent } from '../../src/events/index.ts'
import type { ModuleSpec } from '../../src/kernel/index.ts'
import { type Gap, gapsOf, memoryHistory } from '../../src/projections/index.ts'
import {
  type AddedModule,
  type Change,
  manifest,
  manifestModules,
  recordedModules,
  rulesOf,
  type WhatIf,
  whatIf
} from '../../src/replay/index.ts'
import { booted, enabled, eventsOf, type HandMade } from '../projections/hand-made.ts'
import { ingestRecording, type Recording, readJsonLines, recordings } from '../support/recordings.ts'

/** A history, and the gaps of its hooks. */
async function recorded(recording: Recording): Promise<{ history: StoredEvent[]; gaps: Gap[] }> {
  const { log, stream } = await ingestRecording(recording, () => true)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  const gaps = await gapsOf(log, stream, null)
  await log.dispose()
  return { history, gaps }
}

function named(name: string): Recording {
  return recordings().find((one) => one.name === name) as Recording
}

const none: ReadonlyMap<string, ModuleSpec> = new Map()

function modulesOf(path: string): ReadonlyMap<string, ModuleSpec> {
  return manifestModules(manifest.parse(JSON.parse(readFileSync(path, 'utf8')))).specs
}

function changeTo(policy: Policy, change: Partial<Change> = {}): Change {
  return { rules: rulesOf[policy], added: [], without: [], ...change }
}

function gapsIn({ facts }: WhatIf): Promise<Gap[]> {
  return gapsOf(memoryHistory('other/0', facts, 'the model').log, 'other/0', null)
}

function apart(a: bigint | null, b: bigint | null | undefined): number {
  return a === null || b == null ? Number(a !== (b ?? null)) * 1e18 : Math.abs(Number(a - b))
}

/** What an operation came to in the other history: 0 or an errno; undefined when it has no such step. */
function errnoOf({ steps }: WhatIf, op: string, what: string): number | undefined {
  const step = steps.find(({ operation }) => operation.op === op && Object.values(operation).includes(what))
  return step?.other?.errno
}

describe.each(recordings())('$name under its own policy', (recording) => {
  test('is the same, whether or not a manifest tells what its modules are', async () => {
    const { history, gaps } = await recorded(recording)
    for (const known of [modulesOf(recording.manifest), none]) {
      const world = recordedModules(history, rulesOf[recording.policy], known)
      const result = whatIf(history, world, changeTo(recording.policy))
      expect(result.steps.filter(({ parts }) => parts !== null)).toEqual([])
      expect(result.same).toBe(true)
      if (known === none && result.unexplained > 0) continue
      expect(result.unexplained).toBe(0)
      const again = await gapsIn(result)
      expect(again.map(({ program }) => program)).toEqual(gaps.map(({ program }) => program))
      again.forEach((gap, n) => {
        // On two CPUs a task may switch before the line of the operation that it ran beside.
        expect(apart(gap.fromNs, gaps[n]?.fromNs)).toBeLessThan(50e6)
        expect(apart(gap.toNs, gaps[n]?.toNs)).toBeLessThan(50e6)
      })
    }
  })
})

describe('the hook of up-4a, whose function is in a cumulative patch', () => {
  const recording = named('up-4a-embed-kprobe')
  const file = fileURLToPath(new URL('../../examples/hook-in-a-patch-of-its-own.json', import.meta.url))
  const added: AddedModule[] = [...modulesOf(file).values()].map((spec) => ({
    spec,
    loadedBefore: spec.name === 'lp_hook' ? 'lp_embed_v1' : null
  }))

  test('has on mainline the gap that was recorded, and that the process calling it had', async () => {
    const { history } = await recorded(recording)
    const world = recordedModules(history, rulesOf.mainline, none)
    const [first] = await gapsIn(whatIf(history, world, changeTo('mainline')))
    // A call returned 102, the livepatch's own value, until the next program came.
    const runs = readJsonLines<{ v: number; from: number; to: number }>(`${recording.path}/hammer-A.jsonl`)
    const hammer = runs.find(({ v }) => v === 102)
    const tookNs = Number((first?.takenOver?.atNs ?? 0n) - (first?.fromNs ?? 0n))
    expect(first).toMatchObject({ program: 'ov1', takenOver: { program: 'ov2' } })
    expect(Math.abs(tookNs - ((hammer?.to ?? 0) - (hammer?.from ?? 0)))).toBeLessThan(50e6)
  })

  test('has none on hybrid with its function in a patch of its own', async () => {
    const { history } = await recorded(recording)
    const world = recordedModules(history, rulesOf.mainline, none)
    const result = whatIf(history, world, changeTo('hybrid', { added }))
    expect(result.steps.flatMap(({ movedTo }) => movedTo ?? [])).toEqual(
      Array.from({ length: 3 }, () => 'lp_hook:lp_hook_getpgrp')
    )
    expect(result.steps.every(({ other }) => other === null || other.errno === 0)).toBe(true)
    expect(await gapsIn(result)).toEqual([])
  })

  test('keeps it on hybrid as long as it stays where it was', async () => {
    const { history, gaps } = await recorded(recording)
    const world = recordedModules(history, rulesOf.mainline, none)
    const result = whatIf(history, world, changeTo('hybrid'))
    expect(await gapsIn(result)).toHaveLength(gaps.length)
    expect(result.assumed.join()).toContain('nothing tells whether lp_embed_v1 is replaceable')
  })
})

describe('the hook of hyb-6f, under the nop of an unrelated patch', () => {
  const recording = named('hyb-6f-nop-shadow')

  test('cannot come up under replace-set: its patch is refused, and what hung on it follows', async () => {
    const { history } = await recorded(recording)
    const world = recordedModules(history, rulesOf.hybrid, none)
    const result = whatIf(history, world, changeTo('replace-set'))
    expect(errnoOf(result, 'insmod', 'lp_hook')).toBe(22)
    expect(errnoOf(result, 'attach', 'ov')).toBe(2)
    expect(errnoOf(result, 'insmod', 'lp_stuck')).toBe(0)
    expect(await gapsIn(result)).toEqual([])
    const parts = result.steps.find(({ operation }) => operation.op === 'attach')?.parts
    expect(parts?.other?.type).toBe('hook.rejected')
  })

  test('is always reached without the patch that the nop is for', async () => {
    const { history } = await recorded(recording)
    const world = recordedModules(history, rulesOf.hybrid, none)
    const result = whatIf(history, world, changeTo('hybrid', { without: ['lp_nopbase'] }))
    expect(errnoOf(result, 'rmmod', 'lp_nopbase')).toBe(2)
    expect(errnoOf(result, 'attach', 'ov')).toBe(0)
    expect(await gapsIn(result)).toEqual([])
  })
})

describe('a transition that only the other history has', () => {
  const enables = (ms: number, patch: string): HandMade[] => [
    [ms, 'module.loaded', { module: patch, livepatch: true, actor: null }],
    enabled(ms, patch, ['f'], { replace: false }),
    [ms, 'object.patched', { patch, object: 'vmlinux' }],
    [ms, 'transition.started', { patch, goal: 'patched' }],
    [ms, 'transition.tried', { patch, goal: 'patched' }]
  ]
  const at = { patch: 'slow', goal: 'patched', pid: 5, comm: 'sleeper' } as const
  const facts: HandMade[] = [
    booted('mainline'),
    ...enables(1000, 'slow'),
    [1000, 'task.blocked', { ...at, reason: 'sleeping', function: 'f' }],
    [2000, 'module.loaded', { module: 'next', livepatch: true, actor: null }],
    [
      2000,
      'patch.rejected',
      { patch: 'next', operation: 'enable', value: null, errno: 16, message: null, actor: null }
    ],
    [2000, 'module.unloaded', { module: 'next', reason: 'refused' }],
    [8300, 'task.switched', { ...at, how: 'self' }],
    [8500, 'transition.tried', { patch: 'slow', goal: 'patched' }],
    [8500, 'transition.completed', { patch: 'slow', goal: 'patched' }],
    [20_000, 'evidence.lost', { count: null, reason: 'the end' }]
  ]

  test('tries once a second, and waits for who sleeps in its function until the recording shows it elsewhere', () => {
    const history = eventsOf(facts).map((event, n) => ({
      ...event,
      position: n + 1,
      revision: n + 1,
      stream: 'a/0',
      version: 1
    }))
    const next = manifestModules({ next: { objects: [{ functions: [{ old: 'f', new: 'next_f' }] }] } }).specs
    const world = recordedModules(history, rulesOf.mainline, next)
    const result = whatIf(history, world, changeTo('mainline', { without: ['slow'] }))
    expect(errnoOf(result, 'insmod', 'next')).toBe(0)
    const seconds = (type: string) =>
      result.facts.filter((fact) => fact.type === type).map(({ uptimeNs }) => Number(uptimeNs / 1_000_000n))
    expect(seconds('task.blocked')).toEqual([2000, 3000, 4000, 5000, 6000, 7000, 8000])
    expect(seconds('task.switched')).toEqual([8300])
    expect(seconds('transition.completed')).toEqual([9000])
  })
})
