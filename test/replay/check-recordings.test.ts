import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../src/events/index.ts'
import {
  type CheckFinding,
  checkHistory,
  historyWorld,
  invariantsFor,
  rulesOf
} from '../../src/replay/index.ts'
import { ingestRecording, type Recording, readJsonLines, recordings } from '../support/recordings.ts'

/** How far a finding's moments may lie from where the process that called the hook noticed the change. */
const errorNsMax = 50_000_000

async function check(recording: Recording): Promise<CheckFinding[]> {
  const { log, stream } = await ingestRecording(recording, () => true)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream })) history.push(...page)
  const world = historyWorld(history, rulesOf[recording.policy])
  const invariants = invariantsFor(recording.policy)
  const findings = await checkHistory(() => log.read({ stream }), { invariants, laws: world, kernel: world })
  await log.dispose()
  return findings
}

interface Step {
  readonly what: string
  readonly t0: number
  readonly t1: number
}

interface Heard {
  readonly v: number
  readonly from: number
  readonly to: number
}

/** A stretch in which the process did not get an override, and ought to have; `to` is a span, where only a step tells. */
interface Loss {
  readonly fromNs: number
  readonly toNs: readonly [number, number]
}

/** The values that the recorder's programs override with. */
function overridesOf(steps: readonly Step[]): Set<number> {
  return new Set(
    steps.map(({ what }) => Number(/, override (\d+)$/.exec(what)?.[1] ?? 0)).filter((v) => v > 0)
  )
}

/** What the process that called getpgrp() in a loop lost, by its own notes and the recorder's journal of commands. */
function losses(recording: Recording): Loss[] {
  const file = join(recording.path, 'hammer-A.jsonl')
  if (!existsSync(file)) return []
  const steps = readJsonLines<Step>(join(recording.path, 'commands.txt'))
  const overrides = overridesOf(steps)
  const heard = readJsonLines<Partial<Heard>>(file).filter((one): one is Heard => one.v !== undefined)
  const found: Loss[] = []
  heard.forEach((run, n) => {
    const before = heard[n - 1]
    if (before === undefined || !overrides.has(before.v) || overrides.has(run.v)) return
    const isDetached = steps.some(
      ({ what, t0, t1 }) => what.startsWith('detach ') && t0 <= run.from && before.to <= t1
    )
    if (isDetached) return
    const back = heard.slice(n).find(({ v }) => overrides.has(v))
    const program = programOf(steps, before.to)
    const detach = steps.find(({ what, t0 }) => what.startsWith(`detach ${program} `) && t0 >= run.from)
    const toNs: [number, number] =
      back === undefined ? [detach?.t0 ?? run.to, detach?.t1 ?? run.to] : [back.from, back.from]
    found.push({ fromNs: run.from, toNs })
  })
  return found
}

/** The program that was attached last before a moment. */
function programOf(steps: readonly Step[], atNs: number): string {
  const attach = steps.findLast(({ what, t0 }) => what.startsWith('attach ') && t0 < atNs)
  return attach?.what.split(' ')[1] ?? ''
}

const rows: string[] = []
const all = recordings()

describe.each(all)('$name', (recording) => {
  let findings: CheckFinding[]
  beforeAll(async () => {
    findings = await check(recording)
  }, 60_000)

  it('has lost what the process that called lost, from when to when', () => {
    const watchers = watchersOf(recording)
    const gaps = findings
      .map(({ violation }) => violation)
      .filter(({ invariant, subject }) => invariant === 'K6' && !watchers.has(subject.split('@')[0] ?? ''))
    const truth = losses(recording)
    expect(gaps.length).toBe(truth.length)
    gaps.forEach(({ subject, fromNs, toNs }, n) => {
      const { fromNs: lostNs, toNs: back } = truth[n] as Loss
      const [from, to] = [Number(fromNs), Number(toNs)]
      expect(Math.abs(from - lostNs)).toBeLessThanOrEqual(errorNsMax)
      expect(to).toBeGreaterThanOrEqual(back[0] - errorNsMax)
      expect(to).toBeLessThanOrEqual(back[1] + errorNsMax)
      const ms = (ns: number) => (ns / 1e6).toFixed(1)
      rows.push(
        `| ${recording.name} | K6 | ${subject} | +${(from / 1e9).toFixed(3)} s | ${ms(to - from)} ms | ${ms(back[0] - lostNs)} ms |`
      )
    })
  })

  it('tells of every finding its cause, its event and a way round', () => {
    for (const { violation, event, cause, before, avoidable } of findings) {
      expect(event.position).toBe(violation.position)
      expect(cause?.uptimeNs).toBeLessThanOrEqual(violation.fromNs)
      expect(before.position).toBeLessThan(violation.position)
      expect(avoidable?.position).toBeLessThan(violation.position)
    }
  })
})

/** Programs that override nothing: who calls does not notice them. */
function watchersOf({ path }: Recording): Set<string> {
  const steps = readJsonLines<Step>(join(path, 'commands.txt'))
  return new Set(
    steps
      .filter(({ what }) => what.startsWith('attach ') && !/override [1-9]\d*$/.test(what))
      .map(({ what }) => what.split(' ')[1] ?? '')
  )
}

const hook = 'ov@lp_hook:lp_hook_getpgrp'
const getpgrp = 'vmlinux:__x64_sys_getpgrp,1'

/** What notes.md tells, as invariant and subject, in the order in which it began. */
const told: Readonly<Record<string, readonly string[]>> = {
  'hyb-6a-conflict': [
    `S15 ${hook}`,
    `K6 ${hook}`,
    `S15 ${hook}`,
    `K6 ${hook}`,
    `S5 ${getpgrp}`,
    `T5 ${getpgrp}`,
    `S6 ${getpgrp}`
  ],
  'hyb-6b-disable-hook': [`K6 ${hook}`],
  'hyb-6c-hookrep': [`S15 ${hook}`, `K6 ${hook}`],
  'hyb-6f-nop-shadow': [
    `S5 ${getpgrp}`,
    `S15 ${hook}`,
    `S8 ${getpgrp}`,
    `K6 ${hook}`,
    `T5 ${getpgrp}`,
    `S6 ${getpgrp}`
  ],
  'hyb-6g-state': ['O6-scope lp_cumul_v1'],
  'up-4a-embed-kprobe': [
    'S15 ov1@lp_embed_v1:lp_embed_v1_getpgrp',
    'K6 ov1@lp_embed_v1:lp_embed_v1_getpgrp',
    'S15 ov2@lp_embed_v2:lp_embed_v2_getpgrp',
    'K6 ov2@lp_embed_v2:lp_embed_v2_getpgrp',
    'S15 ov3@lp_embed_v1:lp_embed_v1_getpgrp',
    'K6 ov3@lp_embed_v1:lp_embed_v1_getpgrp'
  ],
  'up-4b-embed-fentry-multi': [
    'S15 fe1@lp_embed_v1:lp_embed_v1_getpgrp',
    'K6 fe1@lp_embed_v1:lp_embed_v1_getpgrp',
    'S15 mu2@lp_embed_v2:lp_embed_v2_getpgrp',
    'K6 mu2@lp_embed_v2:lp_embed_v2_getpgrp'
  ],
  'up-4c-original-order': ['K8 oo1@vmlinux:__x64_sys_getpgrp', 'K8 oo2@vmlinux:__x64_sys_getpgrp'],
  'up-5-hybrid-hold': ['S15 ovA@lp_hook_ei:lp_hook_ei_getpgrp', 'K6 ovA@lp_hook_ei:lp_hook_ei_getpgrp'],
  'up-5-hybrid-hold-smp2': ['S15 ovA@lp_hook_ei:lp_hook_ei_getpgrp', 'K6 ovA@lp_hook_ei:lp_hook_ei_getpgrp']
}

/** Recordings whose notes tell of no hook lost and no promise broken. */
const quiet = [
  'deb-1-plain',
  'hyb-1-plain',
  'hyb-5-hybrid-hold',
  'hyb-6h-override-rights',
  'up-1-plain',
  'up-2-stack',
  'up-3-replace',
  'up-6h-override-rights',
  'up-7b-force',
  'up-7c-signal',
  'up-8-module',
  'up-9-fail'
]

describe('notes.md', () => {
  const known = all.filter(({ name }) => told[name] !== undefined || quiet.includes(name))

  it.each(known)('of $name tells the same', async (recording) => {
    const found = (await check(recording)).map(
      ({ violation }) => `${violation.invariant} ${violation.subject}`
    )
    expect(found).toEqual(told[recording.name] ?? [])
  })

  it('covers every recording of the project', () => {
    const own = readdirSync(new URL('../recordings/', import.meta.url)).filter((name) => !name.includes('.'))
    const covered = [...Object.keys(told), ...quiet]
    expect(own.filter((name) => !covered.includes(name))).toEqual([])
  })
})

afterAll(() => {
  console.log(
    [
      '| recording | invariant | hook | from | lasted | the calling process |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows
    ].join('\n')
  )
})
