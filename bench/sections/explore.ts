import { readScenario, Search, scenarioWorld } from '../../src/replay/index.ts'
import { atLeast, plainRow, type Row, type Section } from '../bench.ts'
import { type Contender, interleave, startClocks } from '../rounds.ts'
import { type SpinRun, spinVerifier } from '../spin.ts'

/** The world that bench/explore.pml is written for. */
const world = scenarioWorld(
  readScenario(
    `
title: A hook beside two cumulative patches
story: Three patches that get in each other's way, two tasks, and a program that may be on either of two.
policy: hybrid
modules:
  lp1: {objects: [{functions: [{old: A, new: lp1_A}]}]}
  lp2: {replaceable: true, objects: [{functions: [{old: A, new: lp2_A}, {old: B, new: lp2_B}]}]}
  lp3: {replace: true, objects: [{functions: [{old: B, new: lp3_B}]}]}
tasks: [{pid: 1, comm: one}, {pid: 2, comm: two}]
steps:
  - {attach: prog, to: 'lp1:lp1_A'}
  - {attach: prog, to: 'lp2:lp2_A'}
`,
    () => ''
  ),
  'hybrid',
  1
)

/** The search beside SPIN's own breadth-first search on an equal model, one core each, all states of it. */
export const explore: Section = {
  name: 'explore',
  async run(bench) {
    const verify = spinVerifier('explore.pml', bench.directory)
    const ours = exhaust()
    const size = plainRow(
      'explore: memory for a state, with its parent and its place',
      'bytes',
      bytesOf(ours)
    )
    if (verify === null) {
      console.error('explore: spin or gcc is not installed (apt-get install spin): nothing to compare with')
      return [plainRow('explore: states found', 'states/s', rateOf().clock), size]
    }
    const theirs = verify()
    assertEqual(ours, theirs)
    const contenders: Contender[] = [
      { name: 'klplog', run: rateOf },
      { name: 'spin', run: () => rateOfSpin(verify()) }
    ]
    const measured = await interleave(contenders, bench.quick ? 1 : 5, bench.machine)
    const ratio = measured.ratio('klplog', 'spin')
    const row: Row = plainRow(
      `explore: states found, of ${ours.table.count.toLocaleString('en')}; floor: SPIN -DBFS, the same states`,
      'states/s',
      measured.median('klplog'),
      { floor: measured.median('spin'), ofFloor: ratio, targets: [atLeast(1, 'of SPIN', ratio)] }
    )
    return [row, { ...size, floor: theirs.bytesPerState, ofFloor: theirs.bytesPerState / bytesOf(ours) }]
  }
}

function exhaust(): Search {
  const search = new Search(world, [], { depth: Infinity, states: Infinity, isReduced: false })
  while (search.run(1_000_000));
  return search
}

function bytesOf({ table }: Search): number {
  return table.size / table.count
}

function rateOf() {
  const stop = startClocks()
  const { table } = exhaust()
  const { clockMs, processorMs } = stop()
  return { clock: (table.count / clockMs) * 1000, processor: (table.count / processorMs) * 1000 }
}

function rateOfSpin({ states, seconds }: SpinRun) {
  return { clock: states / seconds, processor: states / seconds }
}

/** Two models that do not count alike are not equal, and a comparison of them would say nothing. */
function assertEqual(ours: Search, theirs: SpinRun): void {
  const counts = [ours.table.count, ours.transitions]
  // SPIN counts the state that it begins with among its transitions.
  const spins = [theirs.states, theirs.transitions - 1]
  if (counts.join() !== spins.join())
    throw new Error(
      `the models differ: ${counts.join(' states, ')} transitions, SPIN ${spins.join(' states, ')}`
    )
}
