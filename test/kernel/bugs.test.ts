import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/events/index.ts'
import {
  type BugName,
  bugNames,
  type FailingStep,
  type ModuleSpec,
  mainline
} from '../../src/kernel/index.ts'
import { copyState, decodeState, encodeState } from '../../src/projections/index.ts'
import { Host, livepatch, object } from './host.ts'
import { policies, randomRun, randomWorld, seeded } from './random-runs.ts'

function hostWith(bugs: readonly BugName[], modules: readonly ModuleSpec[]): Host {
  return new Host(mainline, modules, { bugs: new Set(bugs) })
}

function failing(module: string, step: FailingStep['step'], errno: number) {
  return { op: 'insmod', module, fail: { step, nth: 1, errno } } as const
}

const target: ModuleSpec = { ...livepatch('mod', []), livepatch: false, patch: null, functions: ['m'] }

function onModule(functions: readonly string[] = ['m'], callbacks = false): ModuleSpec {
  return livepatch('p', [], {
    objects: [object('vmlinux', ['f'], { prefix: 'p' }), object('mod', functions, { callbacks, prefix: 'p' })]
  })
}

describe.each(Object.keys(policies) as Policy[])('a kernel of %s with any bugs', (policy) => {
  it('does only what its facts tell, and what its bugs leave is kept with the state', () => {
    const bugs = fc.subarray([...bugNames], { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.noShrink(fc.nat()), fc.integer({ min: 1, max: 50 }), bugs, (seed, length, some) => {
        const options = { flips: true, forces: true, illegal: 15, bugs: some }
        const { state, folded, world } = randomRun(policy, seeded(seed), length, options)
        expect([...(world.bugs ?? [])]).toEqual(some)
        expect(encodeState(folded)).toBe(encodeState(state))
        expect(encodeState(decodeState(encodeState(state)))).toBe(encodeState(state))
        expect(encodeState(copyState(state))).toBe(encodeState(state))
      }),
      { numRuns: 150 }
    )
  })

  it('is the same as one with none when it has none of them', () => {
    fc.assert(
      fc.property(fc.noShrink(fc.nat()), fc.integer({ min: 1, max: 50 }), (seed, length) => {
        const options = { flips: true, forces: true, illegal: 15 }
        const { traits } = randomWorld(policy, seeded(seed)).world
        const none = randomRun(policy, seeded(seed), length, { ...options, bugs: [] })
        expect(none.world.traits).toEqual(traits)
        expect(encodeState(none.state)).toBe(
          encodeState(randomRun(policy, seeded(seed), length, options).state)
        )
        expect(none.state.damages).toBeUndefined()
      }),
      { numRuns: 60 }
    )
  })
})

describe('what a bug leaves', () => {
  it('makes a target module that went fail to load again (relocations-kept)', () => {
    const host = hostWith(['relocations-kept'], [target, onModule()])
    host.insmod('p')
    host.settle()
    expect([host.insmod('mod'), host.do({ op: 'rmmod', module: 'mod' }), host.insmod('mod')]).toEqual([
      0, 0, -8
    ])
    expect(host.log().at(-1)).toBe(
      "livepatch: patch 'p' failed for module 'mod', refusing to load module 'mod'"
    )
    // With the patch its relocations go.
    host.write('p', '0')
    host.settle()
    expect([host.do({ op: 'rmmod', module: 'p' }), host.insmod('mod')]).toEqual([0, 0])
  })

  it('has callbacks called for a module that was refused (mod-left-in-error-path)', () => {
    const modules = [{ ...target, functions: ['other'] }, onModule(['m'], true)]
    const callbacks = (bugs: readonly BugName[]) => {
      const host = hostWith(bugs, modules)
      host.start(1)
      host.call(1, 'f')
      host.insmod('p')
      expect(host.insmod('mod')).toBe(-22)
      host.do({ op: 'return', task: 1 })
      host.settle()
      return host.callbacks()
    }
    expect(callbacks(['mod-left-in-error-path'])).toEqual(['p post_patch mod'])
    expect(callbacks([])).toEqual([])
  })

  it('keeps a patch from being enabled again (early-failure-leaks, directory-kept)', () => {
    const leaking = hostWith(['early-failure-leaks'], [livepatch('p', ['f'])])
    expect([leaking.do(failing('p', 'early-init', 22)), leaking.insmod('p')]).toEqual([-22, -17])
    const keeping = hostWith(['directory-kept'], [livepatch('p', ['f'])])
    expect([keeping.insmod('p'), keeping.write('p', '0')]).toEqual([0, 0])
    keeping.settle()
    expect([keeping.do({ op: 'rmmod', module: 'p' }), keeping.insmod('p')]).toEqual([0, -17])
  })

  it('hangs everybody who wants klp_mutex (mutex-left-locked)', () => {
    const answers = (bugs: readonly BugName[]) => {
      const host = hostWith(bugs, [livepatch('p', ['f']), livepatch('q', ['g'])])
      return [
        host.insmod('q'),
        host.do(failing('p', 'module-reference', 19)),
        host.insmod('p'),
        host.write('q', '0')
      ]
    }
    expect(answers(['mutex-left-locked'])).toEqual([0, -19, -35, -35])
    expect(answers([])).toEqual([0, -19, 0, 0])
  })

  it('is the pending flag of a child that has switched, until it leaves the kernel (fork-copies-flag-early)', () => {
    const host = hostWith(['fork-copies-flag-early'], [livepatch('p', ['f'])])
    host.start(1)
    host.call(1, 'f')
    host.insmod('p')
    host.do({ op: 'return', task: 1 })
    host.do({ op: 'start-task', pid: 2, comm: 'child', parent: 1 })
    expect(host.state.damages).toEqual(new Set(['pending-flag 2']))
    host.settle()
    expect(host.state.transition).toBeNull()
    expect(host.do({ op: 'switch', task: 2 })).toBe(0)
    expect(host.state.damages).toBeUndefined()
  })

  it('refuses a livepatch for a kprobe that is gone (kprobe-disarmed-from-wrong-ops)', () => {
    const prober = { ...target, name: 'prober', kprobe: { function: 'f', postHandler: true } }
    const answers = (bugs: readonly BugName[]) => {
      const host = hostWith(bugs, [livepatch('p', ['f']), prober])
      return [host.insmod('prober'), host.do({ op: 'rmmod', module: 'prober' }), host.insmod('p')]
    }
    expect(answers(['kprobe-disarmed-from-wrong-ops'])).toEqual([0, 0, -16])
    expect(answers([])).toEqual([0, 0, 0])
  })

  it('runs the original of a livepatched function until the fexit program goes (fexit-bypasses-livepatch)', () => {
    const host = hostWith(['fexit-bypasses-livepatch'], [livepatch('p', ['f'])])
    host.start(1)
    host.insmod('p')
    for (const kind of ['fentry', 'fexit'] as const)
      host.do({ op: 'attach', program: kind, kind, symbol: 'f', overrides: false })
    const runs = () => {
      host.call(1, 'f')
      const version = host.state.tasks.get(1)?.frames.at(-1)?.version
      host.do({ op: 'return', task: 1 })
      return version
    }
    expect([runs(), host.runs('f')]).toEqual(['original', 'original'])
    host.do({ op: 'detach', program: 'fexit' })
    expect([runs(), host.runs('f')]).toEqual(['p', 'p'])
  })
})
