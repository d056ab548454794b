import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { enabledOperations, type Operation, versionFor } from '../../../src/kernel/index.ts'
import { functionKey, hookView, ORIGINAL } from '../../../src/projections/index.ts'
import { moveName, refusalNames } from '../../../src/replay/search/packed-moves.ts'
import { entriesOf, isShadowed, sideOf, versionAtSide } from '../../../src/replay/search/packed-stack.ts'
import { bytes } from '../../../src/replay/search/packed-state.ts'
import type { HookProgram } from '../../../src/replay/search/packed-world.ts'
import { smallScope } from '../../../src/replay/search/small-scope.ts'
import { policies, seeded } from '../../kernel/random-runs.ts'
import { Walk } from './packed-walks.ts'

const sizes = fc.record({
  policy: fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[])),
  patches: fc.integer({ min: 1, max: 5 }),
  functions: fc.integer({ min: 1, max: 4 }),
  tasks: fc.integer({ min: 0, max: 4 }),
  hooks: fc.integer({ min: 0, max: 3 }),
  callDepth: fc.integer({ min: 1, max: 2 })
})

describe('the packed kernel', () => {
  it('does what the model does, move by move', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), (size, seed) => {
        const { world, renamings } = smallScope(size)
        const walk = new Walk(world, renamings)
        const draw = seeded(seed)
        for (let n = 0; n < 60 && walk.moves.count > 0; n += 1) {
          const { move, ret, packed, model } = walk.step(draw)
          expect({ move: moveName(move), ret, state: model }).toEqual({
            move: moveName(move),
            ret: 0,
            state: packed
          })
          expectSameView(walk)
        }
      }),
      { numRuns: 100 }
    )
  })

  it('leaves open what the model leaves open, and refuses what it refuses', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), (size, seed) => {
        const { world, renamings } = smallScope(size)
        const walk = new Walk(world, renamings)
        const draw = seeded(seed)
        for (let n = 0; n < 40 && walk.moves.count > 0; n += 1) {
          walk.step(draw)
          expect(texts(walk.operations)).toEqual(texts(modelOperations(walk)))
          const found = modelRefusals(walk)
          expect({ loads: walk.loads, refusals: walk.refusals }).toEqual({
            loads: found.loads,
            refusals: refusalNames.filter((name) => found.refusals.has(name))
          })
        }
      }),
      { numRuns: 60 }
    )
  })
})

/** Stacks, what tasks run and how hooks stand: the packed state has none of them, and gives all of them. */
function expectSameView({ run, work, world }: Walk): void {
  const { names, state } = run
  const list = Array.from({ length: work.listed }, (_, at) => work.order[at] as number)
  world.functions.forEach(({ object, name, sympos }, func) => {
    const key = functionKey(object, name, sympos)
    const stack = list.toReversed().filter((slot) => (entriesOf(work, world, slot) >> func) & 1)
    expect(stack.map((slot) => names[slot])).toEqual((state.stacks.get(key) ?? []).map(({ patch }) => patch))
    ;[...state.tasks.values()].forEach((task, n) => {
      const side = work.bytes[bytes.moving] === 0 ? 1 : sideOf(work, n)
      const version = versionAtSide(work, world, func, side)
      expect(version === 0 ? ORIGINAL : names[version - 1]).toBe(versionFor(state, task, key))
    })
  })
  for (const hook of state.hooks) {
    const n = world.programs.findIndex(({ program }) => program === hook.program)
    expect(isShadowed(work, world, n)).toBe(hookView(state, hook).status === 'shadowed')
  }
}

function texts(operations: readonly Operation[]): string[] {
  return operations.map((operation) => JSON.stringify(operation)).sort()
}

/** enabledOperations() of the model, but for loads, which an open world has no end of, and lives of tasks. */
function modelOperations({ run, world }: Walk): Operation[] {
  const attaches = world.programs.flatMap((program) => attachesOf(run, world, program))
  const offers = { attaches, callDepth: world.callDepth, tasksMax: 0 }
  const calls = new Set(world.functions.map(({ name }) => name))
  const all = enabledOperations(run.state, run.world, offers).filter(
    ({ op }) => op !== 'insmod' && op !== 'exit-task' && op !== 'call'
  )
  // Functions that no module patched so far can be called too.
  const open = [...run.state.tasks].flatMap(([task, { frames }]) =>
    frames.length >= world.callDepth
      ? []
      : [...calls].map((name): Operation => ({ op: 'call', task, object: 'vmlinux', function: name }))
  )
  return [...all, ...open]
}

function attachesOf(run: Walk['run'], world: Walk['world'], program: HookProgram): Attach[] {
  return [...run.state.modules.keys()].flatMap((module) =>
    world.functions.map(
      ({ name }) => ({ op: 'attach', ...program, symbol: `${module}:${module}_${name}` }) as const
    )
  )
}

type Attach = Extract<Operation, { op: 'attach' }>

/** What the model makes of every load, and of everything else that could be refused. */
function modelRefusals(walk: Walk): { loads: number[]; refusals: Set<string> } {
  const { run, world } = walk
  const { state } = run
  const refusals = new Set<string>()
  const ask = (what: string, operation: Operation) => {
    const ret = walk.ask(operation)
    if (ret !== 0) refusals.add(`${what} ${errnoNames.get(-ret)}`)
    return ret === 0
  }
  const loads: number[] = []
  if (run.names.includes(null)) {
    for (let argument = 0; argument < 2 * world.kinds.length; argument += 1) {
      if (!world.hasFlag && argument % 2 === 1) continue
      if (ask('insmod', run.operationOf('insmod', argument))) loads.push(argument)
    }
  }
  for (const { name, offList, enabled, replaceable } of state.patches) {
    if (offList) continue
    ask('enable', { op: 'write-enabled', patch: name, value: enabled ? '1' : '0' })
    ask('disable', { op: 'write-enabled', patch: name, value: enabled ? '0' : '1' })
    ask('force', { op: 'force', patch: name, value: '1' })
    if (world.hasFlag)
      ask('replaceable', { op: 'write-replaceable', patch: name, value: replaceable === true ? '0' : '1' })
  }
  for (const module of state.modules.keys()) ask('rmmod', { op: 'rmmod', module })
  for (const task of state.tasks.keys()) ask('switch', { op: 'switch', task })
  for (const program of world.programs) {
    if (state.hooks.some((hook) => hook.program === program.program)) continue
    for (const name of run.names) {
      for (const func of world.functions)
        ask('attach', { op: 'attach', ...program, symbol: `${name}:${name}_${func.name}` })
    }
  }
  return { loads, refusals }
}

const errnoNames = new Map([
  [2, 'ENOENT'],
  [11, 'EAGAIN'],
  [16, 'EBUSY'],
  [22, 'EINVAL'],
  [98, 'EADDRINUSE']
])
