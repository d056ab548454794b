import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/events/index.ts'
import { enabledOperations, hybrid, mainline, type Operation, perform } from '../../src/kernel/index.ts'
import { copyState, encodeState } from '../../src/projections/index.ts'
import {
  type Injection,
  kernelFault,
  kernelFaults,
  type Place,
  type TimedOperation,
  UnknownFaultError
} from '../../src/replay/index.ts'
import { Host, livepatch, object } from '../kernel/host.ts'
import { randomRun, randomWorld, seeded } from '../kernel/random-runs.ts'

function placeOf({ state, world }: Host, ...operations: readonly Operation[]): Place {
  return {
    state,
    world,
    ahead: operations.map((operation) => ({ operation, uptimeNs: state.uptimeNs + 1n }))
  }
}

/** What happens, as one line each. */
function lines({ ahead }: Injection): string[] {
  return ahead.map(({ operation }) => Object.values(operation).map(wordOf).join(' '))
}

function wordOf(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value instanceof Map ? [...value] : value)
}

function inject(name: string, place: Place): { variant: string; ahead: string[] }[] {
  return kernelFault(name)
    .inject(place)
    .map((injection) => ({ variant: injection.variant, ahead: lines(injection) }))
}

/** Two tasks, an enabled patch on `f` and one in transition that replaces it. */
function inMidTransition(rules = mainline): Host {
  const host = new Host(rules, [
    livepatch('old', ['f', 'g']),
    livepatch('new', [], {
      replace: true,
      objects: [object('vmlinux', ['f'], { prefix: 'new' }), object('mod', ['m'], { prefix: 'new' })]
    }),
    { ...livepatch('mod', []), livepatch: false, patch: null }
  ])
  host.start(1, 2)
  host.insmod('old')
  host.settle()
  host.call(1, 'f')
  host.insmod('new')
  return host
}

describe('the catalogue of faults', () => {
  it('names each fault once', () => {
    const names = kernelFaults.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('says which names there are when asked for another', () => {
    expect(() => kernelFault('revers')).toThrow(UnknownFaultError)
    expect(() => kernelFault('revers')).toThrow(/'revers'.* reverse, /)
    expect(kernelFault('reverse').name).toBe('reverse')
  })

  it('has every fault apply somewhere, in the same ways whenever it is asked, without touching the state', () => {
    const applied = new Set<string>()
    for (const policy of ['mainline', 'hybrid', 'replace-set'] satisfies Policy[]) {
      for (let seed = 1; seed <= 25; seed += 1) {
        const options = { flips: true, forces: true, illegal: 0 }
        const { state, world } = randomRun(policy, seeded(seed), 10 + (seed % 30), options)
        const { offers } = randomWorld(policy, seeded(seed))
        const before = encodeState(state)
        const open = enabledOperations(state, world, offers)
        for (const operation of open.filter(({ op }) => op !== 'call' && op !== 'return')) {
          const ahead: TimedOperation[] = [
            { operation, uptimeNs: state.uptimeNs + 1n },
            { operation: { op: 'try' }, uptimeNs: state.uptimeNs + 2n }
          ]
          for (const fault of kernelFaults) {
            const found = fault.inject({ state, world, ahead })
            if (found.length > 0) applied.add(fault.name)
            expect(found).toEqual(fault.inject({ state: copyState(state), world, ahead }))
            expect(new Set(found.map(({ variant }) => variant)).size).toBe(found.length)
          }
        }
        expect(encodeState(state)).toBe(before)
      }
    }
    expect(kernelFaults.map(({ name }) => name).filter((name) => !applied.has(name))).toEqual([])
  })
})

describe('a step of an enable that fails', () => {
  const modules = [
    livepatch('old', ['f', 'g', 'h']),
    livepatch('new', [], {
      replace: true,
      objects: [object('vmlinux', ['f'], { callbacks: true, prefix: 'new' })]
    })
  ]

  /** The patches that were there before, and what could be loaded. */
  function host(): Host {
    const machine = new Host(mainline, modules)
    machine.start(1)
    machine.insmod('old')
    machine.settle()
    return machine
  }

  it.each([
    // The patch's own directory, the object's and the function's.
    ['sysfs-fails', ['1', '2', '3'], -12],
    ['nop-allocation-fails', ['1', '2'], -12],
    ['pre-patch-fails', ['1'], -19],
    ['module-reference-fails', ['1'], -19],
    ['early-init-fails', ['1'], -22],
    // Each function has its ops from the old patch already.
    ['ftrace-fails', [], -16]
  ])('%s at each time that the load takes it, and nothing is left', (name, variants, errno) => {
    const ways = kernelFault(name).inject(placeOf(host(), { op: 'insmod', module: 'new' }))
    expect(ways.map(({ variant }) => variant)).toEqual(variants)
    for (const { ahead } of ways) {
      const machine = host()
      const before = machine.snapshot()
      expect(ahead.map(({ operation }) => machine.do(operation))).toEqual([errno])
      machine.settle()
      expect(machine.snapshot()).toBe(before)
    }
  })

  it('ftrace-fails for each function that is not livepatched yet', () => {
    const machine = new Host(mainline, modules)
    const place = placeOf(machine, { op: 'insmod', module: 'old' })
    const ways = kernelFault('ftrace-fails').inject(place)
    expect(ways.map(({ variant }) => variant)).toEqual(['1', '2', '3'])
    expect(machine.do(ways[1]?.ahead[0]?.operation as Operation)).toBe(-16)
    expect(machine.log()).toContain("livepatch: failed to register ftrace handler for function 'g' (-16)")
  })
})

describe('what happens to a transition', () => {
  it('is a reverse, a repeated one, or a force of the patch in transition, and nothing at rest', () => {
    const host = inMidTransition()
    const next: Operation = { op: 'try' }
    expect(inject('reverse', placeOf(host, next))).toEqual([
      { variant: '', ahead: ['write-enabled new 0', 'try'] }
    ])
    expect(inject('repeated-reverse', placeOf(host, next))).toEqual([
      {
        variant: '',
        ahead: ['write-enabled new 0', 'try [[1,"running"],[2,"running"]]', 'write-enabled new 1', 'try']
      }
    ])
    expect(inject('force', placeOf(host, next))).toEqual([{ variant: '', ahead: ['force new 1', 'try'] }])
    const atRest = new Host(mainline, [])
    for (const name of ['reverse', 'repeated-reverse', 'force']) {
      expect(inject(name, placeOf(atRest, next))).toEqual([])
    }
  })

  it('is a target module that comes, and goes again', () => {
    const host = inMidTransition()
    const come = inject('target-module-comes', placeOf(host))
    expect(come).toEqual([{ variant: 'mod', ahead: ['insmod mod'] }])
    expect(inject('target-module-goes', placeOf(host))).toEqual([])
    host.insmod('mod')
    expect(inject('target-module-goes', placeOf(host))).toEqual([{ variant: 'mod', ahead: ['rmmod mod'] }])
  })

  it('is a flip of any flag but that of the patch in transition, and only in hybrid', () => {
    expect(inject('replaceable-flipped', placeOf(inMidTransition()))).toEqual([])
    expect(inject('replaceable-flipped', placeOf(inMidTransition(hybrid)))).toEqual([
      { variant: 'old to 1', ahead: ['write-replaceable old 1'] }
    ])
  })
})

describe('what tasks do', () => {
  it('one that is stalled is found running by every try, and does nothing itself', () => {
    const host = inMidTransition()
    const ahead: Operation[] = [{ op: 'try' }, { op: 'return', task: 1 }, { op: 'try' }]
    expect(inject('stalled-task', placeOf(host, ...ahead))).toEqual([
      { variant: 'task1:1', ahead: ['try [[1,"running"]]', 'try [[1,"running"]]'] }
    ])
  })

  it('one that is asleep keeps the transition from its end until all the rest has happened', () => {
    const host = new Host(mainline, [livepatch('p', ['f', 'g'])])
    host.start(1)
    const place = placeOf(host, { op: 'insmod', module: 'p' }, { op: 'try' })
    expect(inject('task-asleep', place)).toEqual([
      { variant: 'task1:1 in f', ahead: ['call 1 vmlinux f', 'insmod p', 'try', 'return 1'] },
      { variant: 'task1:1 in g', ahead: ['call 1 vmlinux g', 'insmod p', 'try', 'return 1'] }
    ])
    const [deeper] = kernelFault('task-asleep-deeper').inject(place)
    for (const { operation } of deeper?.ahead.slice(0, 4) ?? []) host.do(operation)
    expect(host.state.tasks.get(1)?.frames.map((frame) => frame.function)).toEqual([
      'vmlinux:f,1',
      'vmlinux:g,1'
    ])
    expect(host.state.transition?.blocked.get(1)?.function).toBe('f')
  })
})

describe('what happens to programs', () => {
  it('one is attached to the version of another livepatch that has the function as well', () => {
    const host = new Host(hybrid, [livepatch('cum1', ['f']), livepatch('cum2', ['f'])])
    host.insmod('cum1')
    host.settle()
    host.insmod('cum2')
    host.settle()
    const attach = {
      op: 'attach',
      program: 'p',
      kind: 'kprobe',
      symbol: 'cum2:cum2_f',
      overrides: true
    } as const
    const ways = kernelFault('attach-on-wrong-version').inject(placeOf(host, attach))
    expect(ways.map(({ variant }) => variant)).toEqual(['cum1:cum1_f'])
    expect(host.do(ways[0]?.ahead[0]?.operation as Operation)).toBe(0)
    expect(host.state.hooks.map(({ module, function: name }) => `${module}:${name}`)).toEqual(['cum1:cum1_f'])
  })
})

describe('a bug', () => {
  it('is in the world from its place on, and not before', () => {
    const host = inMidTransition()
    const [way] = kernelFault('force-pins-all').inject(
      placeOf(host, { op: 'force', patch: 'new', value: '1' })
    )
    const state = copyState(host.state)
    for (const { operation, uptimeNs } of way?.ahead ?? []) {
      perform(state, operation, way?.world ?? host.world, uptimeNs)
    }
    expect(state.patches.map(({ name, forced }) => `${name} ${forced}`)).toEqual(['old true', 'new true'])
    host.do({ op: 'force', patch: 'new', value: '1' })
    expect(host.state.patches.map(({ name, forced }) => `${name} ${forced}`)).toEqual([
      'old true',
      'new false'
    ])
  })
})
