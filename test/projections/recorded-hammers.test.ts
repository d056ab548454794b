import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { SqliteLog } from '../../src/events/index.ts'
import { type Run, runsOf } from '../../src/projections/index.ts'
import {
  ingestRecording,
  type Recording,
  readJsonLines,
  recordings,
  snapshotsOf
} from '../support/recordings.ts'

/**
 * The truth about coverage: a process that called getpgrp() in a loop and wrote down what it got, and what the
 * snapshots' own calls returned. What `runs` says for that process must be the same, in the same order, with
 * boundaries that are close.
 */

const boundaryErrorNsMax = 50_000_000

interface Heard {
  readonly v: number
  readonly from: number
  readonly to: number
  readonly max_gap_ns: number
}

type Manifest = Record<string, { objects?: { functions: { old: string; returns?: number }[] }[] }>

/** A program's word on what it overrides with, as its attach event has it. */
interface Override {
  readonly program: string
  readonly value: number | null
  readonly overrides: boolean | null
  readonly filter: string | null
}

async function overridesOf(log: SqliteLog, stream: string): Promise<Override[]> {
  const found: Override[] = []
  for await (const page of log.read({ stream, types: ['hook.attached'] })) {
    for (const event of page) {
      if (event.type !== 'hook.attached') continue
      const { program, overrides, overrideValue, filter } = event.data
      found.push({ program, value: overrideValue === null ? null : Number(overrideValue), overrides, filter })
    }
  }
  return found
}

/** What a call returns: the override, the patch's own value, or the original's 0. */
function valueReturned(
  run: Run,
  recording: Recording,
  overrides: readonly Override[],
  isTenant: boolean
): number {
  const hook = overrides.find((one) => one.program === run.hook)
  // A program that re-attached itself was told nothing new: it overrides with what its predecessor did.
  const override = hook?.value ?? overrides.find((one) => one.value !== null)?.value
  if (hook !== undefined && !watches(hook) && (hook.filter === null || isTenant))
    return override ?? Number.NaN
  if (run.patch === null) return 0
  const manifest = JSON.parse(readFileSync(recording.manifest, 'utf8')) as Manifest
  const name = run.function.replace(/^[^:]*:/, '').replace(/,\d+$/, '')
  const functions = manifest[run.patch]?.objects?.flatMap((object) => object.functions) ?? []
  return functions.find((func) => func.old === name)?.returns ?? Number.NaN
}

/** Attached by a command that gave it no value: it only looks on. */
function watches({ value, overrides }: Override): boolean {
  return value === null && overrides === false
}

interface Phase {
  readonly value: number
  readonly fromNs: number
  readonly toNs: number
}

/** The values that the process must have seen: phases shorter than its longest pause may go unseen. */
function phases(runs: readonly Run[], value: (run: Run) => number, heard: readonly Heard[]): Phase[] {
  const begin = heard[0]?.from ?? 0
  const end = heard.at(-1)?.to ?? 0
  const pause = Math.max(...heard.map((one) => one.max_gap_ns))
  const seen: Phase[] = []
  for (const run of runs) {
    const fromNs = Math.max(Number(run.fromNs), begin)
    const toNs = Math.min(run.toNs === null ? end : Number(run.toNs), end)
    const last = seen.at(-1)
    if (toNs <= fromNs) continue
    if (last?.value === value(run)) seen[seen.length - 1] = { ...last, toNs }
    else if (toNs - fromNs >= pause || toNs === end) seen.push({ value: value(run), fromNs, toNs })
  }
  return seen
}

/** How far the projected boundary lies from where the process noticed the change. */
function boundaryErrors(seen: readonly Phase[], heard: readonly Heard[]): number[] {
  return seen.slice(1).map((phase, n) => {
    const before = heard[n]?.to ?? 0
    const after = heard[n + 1]?.from ?? 0
    return Math.max(0, before - phase.fromNs, phase.fromNs - after)
  })
}

const errors: number[] = []

const hammers = recordings().flatMap((recording) =>
  readdirSync(recording.path)
    .filter((file) => /^hammer-.*\.jsonl$/.test(file))
    .map((file) => ({ recording, file, title: `${recording.name} ${file}` }))
)

const minimal = (file: string) => file === 'trace.txt' || file === 'commands.txt'

describe.each([
  { mode: 'trace, commands, manifest', accept: minimal },
  { mode: 'everything', accept: () => true }
])('from $mode', ({ accept }) => {
  test.each(hammers)('$title saw what runs says', async ({ recording, file }) => {
    const lines = readJsonLines<Partial<Heard> & { pid?: number }>(join(recording.path, file))
    const pid = lines.find((line) => line.pid !== undefined)?.pid ?? Number.NaN
    const heard = lines.filter((line): line is Heard => line.v !== undefined)
    const { log, stream } = await ingestRecording(recording, accept)
    const overrides = await overridesOf(log, stream)
    const runs = await runsOf(log, stream, '__x64_sys_getpgrp', pid)
    await log.dispose()
    // The recorder puts process A into the cgroup that a filtered program is for, and B beside it.
    const isTenant = file === 'hammer-A.jsonl'
    const seen = phases(runs, (run) => valueReturned(run, recording, overrides, isTenant), heard)
    expect(seen.map((phase) => phase.value)).toEqual(heard.map((one) => one.v))
    const off = boundaryErrors(seen, heard)
    errors.push(...off)
    expect(Math.max(0, ...off)).toBeLessThanOrEqual(boundaryErrorNsMax)
  })
})

/** The text that a livepatch's version of a /proc file prints begins with the patch's name. */
function procVersion(text: string | null): string | null {
  return text === null ? null : text.startsWith('original') ? 'original' : text.slice(0, text.indexOf(':'))
}

test.each(recordings())('what $name returned in its snapshots is what ran', async (recording) => {
  const { log, stream } = await ingestRecording(recording, minimal)
  const overrides = await overridesOf(log, stream)
  const ran = new Map<string, Run[]>()
  for (const name of ['cmdline_proc_show', 'loadavg_proc_show', 'lp_target_value', '__x64_sys_getpgrp']) {
    ran.set(name, await runsOf(log, stream, name, null))
  }
  await log.dispose()
  for (const { label, t, t1, behaviour } of snapshotsOf(recording)) {
    /** Whatever some task ran at some moment of the snapshot. */
    const possible = <V>(name: string, value: (run: Run | null) => V): V[] => {
      const runs = ran.get(name) ?? []
      const during = runs.filter(
        (run) => Number(run.fromNs) <= t1 && (run.toNs === null || Number(run.toNs) >= t)
      )
      return during.length === 0 ? [value(null)] : during.map(value)
    }
    const where = `${recording.name} ${label}`
    expect(possible('cmdline_proc_show', versionOf), where).toContain(procVersion(behaviour.cmdline))
    expect(possible('loadavg_proc_show', versionOf), where).toContain(procVersion(behaviour.loadavg))
    const getpgrp = (run: Run | null) => (run === null ? 0 : valueReturned(run, recording, overrides, false))
    expect(possible('__x64_sys_getpgrp', getpgrp), where).toContain(behaviour.getpgrp)
    if (behaviour.lp_target_value === null) continue
    const target = (run: Run | null) =>
      run === null || run.patch === null ? 5 : valueReturned(run, recording, overrides, false)
    expect(possible('lp_target_value', target), where).toContain(Number(behaviour.lp_target_value))
  }
})

function versionOf(run: Run | null): string {
  return run?.version ?? 'original'
}

test('there are hammers to compare with', () => {
  expect(hammers.length).toBeGreaterThan(0)
  expect(existsSync(hammers[0]?.recording.path ?? '')).toBe(true)
})

afterAll(() => {
  const sorted = [...errors].sort((a, b) => a - b)
  const ms = (ns: number | undefined) => ((ns ?? 0) / 1e6).toFixed(2)
  console.log(
    `${sorted.length} boundaries: median error ${ms(sorted[sorted.length >> 1])} ms, largest ${ms(sorted.at(-1))} ms`
  )
})
