import { describe, expect, test } from 'vitest'
import {
  type Finding,
  invariantsFor,
  type KernelFault,
  readScenario,
  runScenario,
  Sweep,
  type SweepPlan,
  shrink,
  tell,
  toScenario
} from '../../src/replay/index.ts'
import { courseOfRecording } from '../support/recorded-course.ts'

/** Faults at every place of a recorded history, and the shortest stories of what they break. */

/** Somebody loads a livepatch before its time. */
const loadEarly: KernelFault = {
  name: 'load-early',
  says: 'A livepatch is loaded before its time.',
  inject: ({ state, world, ahead }) =>
    [...world.modules.values()]
      .filter(({ name, patch }) => patch !== null && !state.modules.has(name) && state.transition === null)
      .map(({ name }) => ({
        variant: name,
        ahead: [{ operation: { op: 'insmod', module: name }, uptimeNs: state.uptimeNs }, ...ahead]
      }))
}

/** Nothing goes wrong. */
const nothing: KernelFault = {
  name: 'nothing',
  says: 'Nothing goes wrong.',
  inject: ({ ahead }) => [{ variant: '', ahead }]
}

async function planFor(
  recording: string,
  faults: readonly KernelFault[],
  more: Partial<SweepPlan> = {}
): Promise<SweepPlan> {
  const course = await courseOfRecording(recording)
  return {
    course,
    invariants: invariantsFor(course.world.rules.name),
    faults: faults.map((fault) => ({ fault, isAt: () => true })),
    depth: 1,
    ahead: 16,
    random: null,
    ...more
  }
}

function sweepAll(plan: SweepPlan): Sweep {
  const sweep = new Sweep(plan)
  for (const _page of sweep.pages());
  return sweep
}

/** The whole run that a finding is about. */
function courseOf({ course }: SweepPlan, { faults, operations, world }: Finding) {
  const place = faults[0]?.place ?? 0
  return { ...course, world, operations: [...course.operations.slice(0, place), ...operations] }
}

describe('a sweep', () => {
  test('finds what a fault breaks and the recording has not: a patch over the function of a hook', async () => {
    const { findings, progress } = sweepAll(await planFor('hyb-6f-nop-shadow', [loadEarly]))
    expect(progress).toMatchObject({ places: progress.placesTotal })
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({
      faults: [{ fault: 'load-early' }],
      violation: { invariant: 'S15', subject: 'ov@lp_hook:lp_hook_getpgrp' }
    })
  })

  test.each(['hyb-6a-conflict', 'hyb-6f-nop-shadow', 'up-4a-embed-kprobe', 'up-7c-signal'])(
    'finds nothing in %s when nothing goes wrong, though the recording itself may break something',
    async (recording) => {
      const { findings, progress } = sweepAll(await planFor(recording, [nothing], { depth: 2 }))
      expect(findings).toEqual([])
      expect(progress.injections).toBeGreaterThan(progress.places)
    }
  )

  test('has a fault only at the places that were asked for', async () => {
    const plan = await planFor('hyb-6f-nop-shadow', [loadEarly])
    const everywhere = sweepAll(plan)
    const last = everywhere.progress.places - 1
    const first = everywhere.findings[0]?.faults[0]?.place ?? 0
    const at = (place: number) =>
      sweepAll({ ...plan, faults: [{ fault: loadEarly, isAt: (n) => n === place }] })
    expect(at(first).findings).toMatchObject([{ faults: [{ place: first }] }])
    expect(at(first).progress.injections).toBeLessThan(everywhere.progress.injections)
    expect(at(last).findings).toEqual([])
  })

  test('at random gives the same for the same seed, page by page or at once', async () => {
    const plan = await planFor('hyb-6f-nop-shadow', [loadEarly, nothing])
    const random = (seed: number) => sweepAll({ ...plan, random: { seed, runs: 60 }, depth: 2 })
    expect(random(7).findings).toEqual(random(7).findings)
    expect(random(7).progress.injections).toBe(60)
    const times = [1, 2, 3, 4].map((seed) => random(seed).findings.map((one) => one.times))
    expect(new Set(times.map(String)).size).toBeGreaterThan(1)
  })
})

describe('a counterexample', () => {
  test('is as short as it gets, runs as a scenario and is told step by step', async () => {
    const plan = await planFor('hyb-6f-nop-shadow', [loadEarly])
    const [finding] = sweepAll(plan).findings
    if (finding === undefined) throw new Error('nothing was found')
    const small = shrink(courseOf(plan, finding), finding.violation, plan.invariants)
    if (small === null) throw new Error('the violation is not in the whole run')
    expect(small.operations.map(({ operation }) => operation.op).sort()).toEqual([
      'attach',
      'insmod',
      'insmod'
    ])
    for (const left of small.operations) {
      const operations = small.operations.filter((one) => one !== left)
      expect(shrink({ ...small, operations }, finding.violation, plan.invariants)).toBeNull()
    }

    const scenario = readScenario(
      toScenario(small, { title: 'covered', story: 'A hook is covered.' }),
      () => ''
    )
    const broken = runScenario(scenario).steps.flatMap(({ violations }) => violations)
    expect(broken).toMatchObject([{ invariant: 'S15', subject: finding.violation.subject }])

    const story = tell(small, finding.violation, plan.invariants)
    expect(story?.steps.map(({ who, what }) => `${who}: ${what}`).sort()).toEqual([
      'an administrator: attach ov (kprobe) to lp_hook:lp_hook_getpgrp, override 4242',
      'an administrator: insmod lp_hook',
      'an administrator: insmod lp_nopbase'
    ])
    expect(story?.steps.at(-1)?.wrong).toEqual(["ov: lp_nopbase's version lies over lp_hook's"])
    expect(story?.why).toContain('S15 is broken')
  })
})
