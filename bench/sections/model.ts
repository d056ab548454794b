import type { Fact, HistoryEvent } from '../../src/events/index.ts'
import {
  linux612,
  type ModuleSpec,
  mainline,
  type Operation,
  perform,
  plainModule,
  plainPatch,
  type World
} from '../../src/kernel/index.ts'
import { Changes, emptyState, evolve, type KernelState } from '../../src/projections/index.ts'
import { plainRow, type Row, type Section } from '../bench.ts'
import { type Contender, interleave, perSecond } from '../rounds.ts'

const patchCount = 20
const functionsPerPatch = 50
const taskCount = 1000
/** Of the tasks, how many a first try finds running: they switch themselves. */
const runningCount = 100

/** The kernel model on a big host: what deciding costs beside evolving the same facts. */
export const model: Section = {
  name: 'model',
  async run(bench) {
    const rounds = bench.quick ? 1 : 5
    const cycles = bench.quick ? 1 : 5
    const told = play(cycles)
    const contenders: Contender[] = [
      { name: 'decide + evolve', run: () => perSecond(told.facts.length, () => void play(cycles)) },
      { name: 'evolve', run: () => perSecond(told.facts.length, () => evolveAll(told.facts)) }
    ]
    const measured = await interleave(contenders, rounds, bench.machine)
    const events = measured.median('decide + evolve')
    const host = `${patchCount} patches of ${functionsPerPatch} functions, ${taskCount} tasks`
    const row: Row = plainRow(
      `model: events decided and evolved; floor: evolve alone; ${host}`,
      'events/s',
      events,
      {
        floor: measured.median('evolve'),
        ofFloor: measured.ratio('decide + evolve', 'evolve')
      }
    )
    const operations = (events * told.operations) / told.facts.length
    return [row, plainRow('model: operations decided and evolved', 'operations/s', operations)]
  }
}

/** Loads every patch, with all that its transition takes, and takes the stack down again, so many times. */
function play(cycles: number): { facts: Fact[]; operations: number } {
  const state = emptyState()
  const facts: Fact[] = []
  let operations = 0
  const run = (operation: Operation) => {
    operations += 1
    facts.push(...perform(state, operation, world, BigInt(operations) * 1000n).facts)
  }
  for (let pid = 1; pid <= taskCount; pid += 1) run({ op: 'start-task', pid, comm: `task${pid}` })
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    for (const module of world.modules.keys()) transition(run, { op: 'insmod', module, conditions: running })
    for (const patch of world.modules.keys()) {
      transition(run, { op: 'write-enabled', patch, value: '0', conditions: running })
      run({ op: 'free', patch })
      run({ op: 'rmmod', module: patch })
    }
  }
  return { facts, operations }
}

/** The first try leaves the running tasks over; they switch themselves, and the next try completes. */
function transition(run: (operation: Operation) => void, begin: Operation): void {
  run(begin)
  for (const task of running.keys()) run({ op: 'switch', task })
  run({ op: 'try' })
}

function evolveAll(facts: readonly Fact[]): void {
  const state: KernelState = emptyState()
  const changes = new Changes()
  let position = 0
  for (const fact of facts) {
    position += 1
    const { type, data } = fact
    evolve(state, { type, data, uptimeNs: BigInt(position), position } as HistoryEvent, changes)
    changes.clear()
  }
}

const running = new Map(Array.from({ length: runningCount }, (_one, n) => [n + 1, 'running' as const]))

const world: World = {
  rules: mainline,
  traits: linux612,
  modules: new Map(
    Array.from({ length: patchCount }, (_one, n) => [`patch${n}`, patchModule(`patch${n}`, n)])
  ),
  symbolCounts: new Map(),
  isErrorInjectable: () => false
}

/** Neighbouring patches share half of their functions, so that stacks get deep. */
function patchModule(name: string, n: number): ModuleSpec {
  const functions = Array.from({ length: functionsPerPatch }, (_one, m) => {
    const old = `function${(n * functionsPerPatch) / 2 + m}`
    return { old, new: `${name}_${old}`, sympos: 0 }
  })
  return {
    ...plainModule,
    name,
    livepatch: true,
    patch: { ...plainPatch, objects: [{ name: 'vmlinux', functions, callbacks: [] }] }
  }
}
