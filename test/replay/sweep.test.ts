import { describe, expect, test } from 'vitest'
import {
  type Finding,
  invariantsFor,
  type KernelFault,
  kernelFault,
  readScenario,
  reportFinding,
  runScenario,
  Sweep,
  type SweepPlan,
  shrink,
  tell,
  toScenario
} from '../../src/replay/index.ts'
import { courseOfRecording } from '../support/recorded-course.ts'

/** Faults at every place of a recorded history, and the shortest stories of what they break. */

/** The transition under way is forced. */
const force = kernelFault('force')

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
  test('finds what a fault breaks and the recording does not: a force pins a patch that it does not remove', async () => {
    const { findings, progress } = sweepAll(await planFor('hyb-6f-nop-shadow', [force]))
    expect(progress).toMatchObject({ places: progress.placesTotal })
    expect(findings).toMatchObject([
      { faults: [{ fault: 'force' }], violation: { invariant: 'F2', subject: 'lp_hook' } }
    ])
    expect(findings[0]?.times).toBeGreaterThan(1)
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
    const plan = await planFor('hyb-6f-nop-shadow', [force])
    const everywhere = sweepAll(plan)
    const last = everywhere.progress.places - 1
    const first = everywhere.findings[0]?.faults[0]?.place ?? 0
    const at = (place: number) => sweepAll({ ...plan, faults: [{ fault: force, isAt: (n) => n === place }] })
    expect(at(first).findings).toMatchObject([{ faults: [{ place: first }] }])
    expect(at(first).progress.injections).toBeLessThan(everywhere.progress.injections)
    expect(at(last).findings).toEqual([])
  })

  test('at random gives the same for the same seed, page by page or at once', async () => {
    const plan = await planFor('hyb-6f-nop-shadow', [force, nothing])
    const random = (seed: number) => sweepAll({ ...plan, random: { seed, runs: 60 }, depth: 2 })
    expect(random(7).findings).toEqual(random(7).findings)
    expect(random(7).progress.injections).toBe(60)
    const times = [1, 2, 3, 4].map((seed) => random(seed).findings.map((one) => one.times))
    expect(new Set(times.map(String)).size).toBeGreaterThan(1)
  })
})

describe('a counterexample', () => {
  test('of any fault runs as a scenario and breaks the same invariant about the same subject', async () => {
    const names = [
      'force',
      'replaceable-flipped',
      'attach-on-wrong-version',
      'task-asleep',
      'free-twice',
      'functions-dropped-after-switch',
      'nops-stay',
      'oldest-not-replaced'
    ]
    const plan = await planFor('hyb-6f-nop-shadow', names.map(kernelFault))
    const faults = plan.faults.map(({ fault }) => ({ fault, isAt: (place: number) => place % 3 === 0 }))
    const { findings } = sweepAll({ ...plan, faults })
    const told = findings.map((finding) => reportFinding(plan.course, finding, plan.invariants, null))
    expect(new Set(told.map(({ invariant }) => invariant)).size).toBeGreaterThan(4)
    for (const { scenario, invariant, subject, story } of told) {
      if (scenario === null) throw new Error(`${invariant} has no story`)
      const run = runScenario(readScenario(scenario, () => ''))
      const broken = run.steps.flatMap(({ violations }) => violations)
      expect(broken, scenario).toContainEqual(expect.objectContaining({ invariant, subject }))
      expect(story?.steps.at(-1)?.wrong).not.toEqual([])
    }
  })

  test('is as short as it gets, runs as a scenario and is told step by step', async () => {
    const plan = await planFor('hyb-6f-nop-shadow', [force])
    const [finding] = sweepAll(plan).findings
    if (finding === undefined) throw new Error('nothing was found')
    const small = shrink(courseOf(plan, finding), finding.violation, plan.invariants)
    if (small === null) throw new Error('the violation is not in the whole run')
    expect(small.operations.map(({ operation }) => operation.op)).toEqual([
      'start-task',
      'insmod',
      'insmod',
      'call',
      'insmod',
      'force'
    ])
    for (const left of small.operations) {
      const operations = small.operations.filter((one) => one !== left)
      expect(shrink({ ...small, operations }, finding.violation, plan.invariants)).toBeNull()
    }

    const scenario = readScenario(
      toScenario(small, { title: 'pinned', story: 'A hook is pinned.' }),
      () => ''
    )
    const broken = runScenario(scenario).steps.flatMap(({ violations }) => violations)
    expect(broken).toContainEqual(expect.objectContaining({ invariant: 'F2', subject: 'lp_hook' }))

    const story = tell(small, finding.violation, plan.invariants)
    expect(story?.steps.map(({ who, what }) => `${who}: ${what}`)).toEqual([
      'an administrator: insmod lp_target',
      'an administrator: insmod lp_hook',
      'task labctl: task labctl calls lp_target:lp_target_busy',
      'an administrator: insmod lp_stuck',
      'an administrator: force lp_stuck'
    ])
    expect(story?.steps.map(({ wrong }) => wrong.length)).toEqual([0, 0, 0, 0, 1])
    expect(story?.why).toContain('F2 is broken')
  })
})
