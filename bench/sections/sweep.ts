import {
  hybrid,
  linux612,
  type ModuleSpec,
  type Operation,
  perform,
  plainModule,
  plainPatch,
  type World
} from '../../src/kernel/index.ts'
import { emptyState } from '../../src/projections/index.ts'
import {
  type Course,
  invariantsFor,
  kernelFault,
  Sweep,
  type TimedOperation
} from '../../src/replay/index.ts'
import { atMost, plainRow, type Row, type Section } from '../bench.ts'
import { type Contender, interleave, perSecond, type Rounds } from '../rounds.ts'

const taskCount = 50
/** Faults happen before every so manieth operation, so that the longest history takes no hours. */
const everyPlaces = 20

/** A short history is swept over and over, for its time to be as well known as a long one's. */
const injectionsMin = 500

/** Single faults over histories of more and more events: an injection must cost the same in all of them. */
export const sweep: Section = {
  name: 'sweep',
  async run(bench) {
    const lengths = bench.quick ? [500, 2000] : [1000, 10_000, 100_000]
    const courses = lengths.map(courseOf)
    const contenders: Contender[] = courses.map((course, n) => ({
      name: String(lengths[n]),
      run: async () => {
        let injections = 0
        const rate = await perSecond(1, () => {
          while (injections < injectionsMin) injections += sweepOnce(course)
        })
        return { clock: rate.clock * injections, processor: rate.processor * injections }
      }
    }))
    const measured = await interleave(contenders, bench.quick ? 1 : 3, bench.machine)
    return rowsOf(lengths, measured)
  }
}

function rowsOf(lengths: readonly number[], measured: Rounds): Row[] {
  const [shortest, longest] = [String(lengths[0]), String(lengths.at(-1))]
  const growth = measured.ratio(shortest, longest)
  const byProcessor = measured.ratio(shortest, longest, 'processor')
  return [
    ...lengths.map((events) =>
      plainRow(`sweep of ${events} events, single faults`, 'injections/s', measured.median(String(events)))
    ),
    plainRow(`sweep, growth of an injection's time from ${shortest} to ${longest} events`, 'times', growth, {
      targets: [atMost(1.25, 'times', growth, byProcessor)]
    })
  ]
}

function sweepOnce(course: Course): number {
  const faults = ['force', 'reverse', 'replaceable-flipped', 'stalled-task', 'detach'].map((name) => ({
    fault: kernelFault(name),
    isAt: (place: number) => place % everyPlaces === 0
  }))
  const one = new Sweep({
    course,
    invariants: invariantsFor('hybrid'),
    faults,
    depth: 1,
    ahead: 20,
    random: null
  })
  for (const _page of one.pages());
  return one.progress.injections
}

/** Updates of a cumulative patch beside a hook in a patch of its own, over and over, until there are so many events. */
function courseOf(events: number): Course {
  const state = emptyState()
  const operations: TimedOperation[] = []
  let told = 0
  const run = (operation: Operation) => {
    const uptimeNs = BigInt(operations.length + 1) * 1_000_000n
    operations.push({ operation, uptimeNs })
    told += perform(state, operation, world, uptimeNs).facts.length
  }
  for (let pid = 1; pid <= taskCount; pid += 1) run({ op: 'start-task', pid, comm: `task${pid}` })
  run({ op: 'insmod', module: 'lp_hook' })
  run({ op: 'attach', program: 'ov', kind: 'kprobe', symbol: 'lp_hook:hook', overrides: true })
  for (let cycle = 0; told < events; cycle += 1) {
    const [now, before] = cycle % 2 === 0 ? ['lp_even', 'lp_odd'] : ['lp_odd', 'lp_even']
    run({ op: 'insmod', module: now, conditions: new Map([[1, 'running']]) })
    run({ op: 'switch', task: 1 })
    run({ op: 'try' })
    if (cycle > 0) run({ op: 'free', patch: before })
    if (cycle > 0) run({ op: 'rmmod', module: before })
  }
  return { world, otherKprobes: false, operations }
}

const world: World = {
  rules: hybrid,
  traits: linux612,
  modules: new Map(
    [
      patchModule('lp_hook', 'hooked', 'hook', false),
      patchModule('lp_even', 'fixed', 'even', true),
      patchModule('lp_odd', 'fixed', 'odd', true)
    ].map((spec) => [spec.name, spec])
  ),
  symbolCounts: new Map(),
  isErrorInjectable: () => false
}

function patchModule(name: string, old: string, replacement: string, isCumulative: boolean): ModuleSpec {
  const functions = [{ old, new: replacement, sympos: 0 }]
  return {
    ...plainModule,
    name,
    livepatch: true,
    patch: {
      ...plainPatch,
      replace: isCumulative,
      replaceable: isCumulative,
      objects: [{ name: 'vmlinux', functions, callbacks: [] }]
    }
  }
}
