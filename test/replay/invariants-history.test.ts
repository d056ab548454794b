import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Fact, HistoryEvent, Policy } from '../../src/events/index.ts'
import { hybrid, mainline, type Operation, type PolicyRules } from '../../src/kernel/index.ts'
import { emptyState } from '../../src/projections/index.ts'
import {
  HistoryRun,
  historyWorld,
  invariantsFor,
  ModelRun,
  type Violation,
  Watch
} from '../../src/replay/index.ts'
import { livepatch, worldOf } from '../kernel/host.ts'
import { policies, randomRun, seeded } from '../kernel/random-runs.ts'

/** What no probe of a real kernel tells. */
const unseen: readonly Fact['type'][] = [
  'task.started',
  'task.exited',
  'call.entered',
  'call.returned',
  'kernel.printed'
]

function historyOf(events: readonly HistoryEvent[], rules: PolicyRules): readonly Violation[] {
  const seen = events.filter(({ type }) => !unseen.includes(type))
  const world = historyWorld(seen, rules)
  const state = { ...emptyState(), policy: rules.name }
  const run = new HistoryRun(state, new Watch(world, invariantsFor(rules.name)))
  for (const event of seen) run.take(event)
  run.finish()
  return run.watch.violations
}

describe('laws that need no knowledge of tasks', () => {
  const laws = [
    'S1',
    'S2',
    'S4',
    'S5',
    'S6',
    'S7',
    'S8',
    'S9',
    'S15',
    'T5',
    'T8',
    'F2',
    'F5',
    'O5',
    'K5',
    'K6',
    'K8'
  ]
  const words = (violations: readonly Violation[]) =>
    violations
      .filter(({ invariant }) => laws.includes(invariant))
      .map(({ invariant, subject, fromNs, toNs }) => `${invariant} ${subject} ${fromNs}..${toNs}`)
      .toSorted()

  it.each(Object.keys(policies) as Policy[])(
    'find in what probes tell of a run of %s what they find in the run itself',
    (policy) => {
      fc.assert(
        fc.property(fc.noShrink(fc.nat()), (seed) => {
          const options = { flips: true, forces: true, illegal: 5 }
          const random = randomRun(policy, seeded(seed), 50, options, invariantsFor(policy))
          const found = historyOf(random.events, policies[policy])
          expect(words(found)).toEqual(words(random.run.watch.violations))
        }),
        { numRuns: 60 }
      )
    }
  )
})

/** Its replacement of f is on the error-injection list. */
function listed(name: string) {
  return { errorInjectable: [`${name}_f`] }
}

const cum1 = livepatch('cum1', ['f', 'g'], { replace: true, replaceable: true }, listed('cum1'))
const cum2 = livepatch('cum2', ['f', 'g'], { replace: true, replaceable: true })
const lpHook = livepatch('hook', ['f'], {}, listed('hook'))
const ov = { op: 'attach', program: 'ov', kind: 'kprobe', symbol: 'hook:hook_f', overrides: true } as const

/** What the operations break, a second apart each, as `invariant program lasted`. */
function broken(rules: PolicyRules, operations: readonly Operation[], laws: readonly string[]): string[] {
  const world = worldOf(rules, [cum1, cum2, lpHook, livepatch('other', ['f'])], {
    isErrorInjectable: () => true
  })
  const run = new ModelRun(world, new Watch(world, invariantsFor(rules.name)))
  run.perform({ op: 'start-task', pid: 1, comm: 'task1' }, 0n)
  operations.forEach((operation, n) => {
    const { ret } = run.perform(operation, BigInt(n + 1) * 1_000_000_000n)
    expect(`${JSON.stringify(operation)} ${ret}`).toBe(`${JSON.stringify(operation)} 0`)
  })
  return run.watch.violations
    .filter(({ invariant }) => laws.includes(invariant))
    .map(({ invariant, subject, fromNs, toNs }) => {
      const lasted = toNs === null ? 'still' : `${(toNs - fromNs) / 1_000_000_000n} s`
      return `${invariant} ${subject.split('@')[0]} ${lasted}`
    })
}

const attached: readonly Operation[] = [{ op: 'insmod', module: 'hook' }, ov]
const disable: Operation = { op: 'write-enabled', patch: 'hook', value: '0' }
const busy: Operation = { op: 'call', task: 1, object: 'vmlinux', function: 'f' }

describe('K6: a program that calls reach', () => {
  it('is lost by a disable while it is attached, until it is detached', () => {
    expect(broken(hybrid, [...attached, disable, { op: 'detach', program: 'ov' }], ['K6'])).toEqual([
      'K6 ov 1 s'
    ])
  })

  it('is not lost by a disable that comes behind its detach', () => {
    expect(broken(hybrid, [...attached, { op: 'detach', program: 'ov' }, disable], ['K6'])).toEqual([])
  })

  it('is not lost while a transition is under way in which nobody has switched', () => {
    const reversed: Operation = { op: 'write-enabled', patch: 'hook', value: '1' }
    expect(broken(hybrid, [...attached, busy, disable, reversed, { op: 'try' }], ['K6'])).toEqual([])
  })

  it('is lost from the first task that switches to the last that comes back', () => {
    const reversed: Operation = { op: 'write-enabled', patch: 'hook', value: '1' }
    const second: Operation = { op: 'start-task', pid: 2, comm: 'task2' }
    const course = [second, ...attached, busy, disable, reversed, { op: 'try' } as const]
    expect(broken(hybrid, course, ['K6'])).toEqual(['K6 ov 2 s'])
  })

  it('is replaced in its turn by a program on the replacement, and what becomes of the old one is no gap', () => {
    const again = { ...ov, program: 'ov2', symbol: 'cum1:cum1_f' } as const
    const course: Operation[] = [...attached, { op: 'insmod', module: 'cum1' }, again]
    expect(broken(mainline, course, ['K6'])).toEqual(['K6 ov 1 s'])
  })

  it('is not replaced by one that only looks on', () => {
    const watcher = { ...ov, program: 'watcher', symbol: 'cum1:cum1_f', overrides: false } as const
    const course: Operation[] = [...attached, { op: 'insmod', module: 'cum1' }, watcher]
    expect(broken(mainline, course, ['K6'])).toEqual(['K6 ov still'])
  })

  it('has nothing to lose that calls have never reached', () => {
    const course: Operation[] = [
      { op: 'insmod', module: 'hook' },
      { op: 'insmod', module: 'other' },
      ov,
      disable
    ]
    expect(broken(mainline, course, ['K6'])).toEqual([])
  })
})

describe('K8: an override on an original function', () => {
  const original = { ...ov, symbol: 'f' } as const

  it('is beside a livepatch of it from whichever comes second', () => {
    const course: Operation[] = [original, { op: 'insmod', module: 'hook' }, { op: 'detach', program: 'ov' }]
    expect(broken(mainline, course, ['K8'])).toEqual(['K8 ov 1 s'])
    const late: Operation[] = [{ op: 'insmod', module: 'hook' }, original, disable]
    expect(broken(mainline, late, ['K8'])).toEqual(['K8 ov 1 s'])
  })

  it('has nothing beside it when it only looks on, or hangs elsewhere', () => {
    const course: Operation[] = [
      { ...original, overrides: false },
      { op: 'insmod', module: 'hook' }
    ]
    expect(broken(mainline, course, ['K8'])).toEqual([])
    expect(
      broken(
        mainline,
        [
          { ...original, symbol: 'h' },
          { op: 'insmod', module: 'hook' }
        ],
        ['K8']
      )
    ).toEqual([])
  })
})

describe('F2: a force of a replacement', () => {
  const forced: readonly Operation[] = [
    { op: 'insmod', module: 'cum1' },
    ...attached,
    busy,
    { op: 'insmod', module: 'cum2' },
    { op: 'force', patch: 'cum2', value: '1' }
  ]

  it('pins in hybrid a patch that stays, for ever', () => {
    expect(broken(hybrid, forced, ['F2'])).toEqual(['F2 hook still'])
  })

  it('pins in mainline whom it removes, which is everybody', () => {
    expect(broken(mainline, [{ op: 'insmod', module: 'hook' }, ...forced.slice(3)], ['F2'])).toEqual([])
  })
})

/** Events by hand, a second apart. */
function byHand(facts: readonly Fact[], rules: PolicyRules = mainline): string[] {
  const events = facts.map((fact, n) => ({
    ...fact,
    uptimeNs: BigInt(n + 1) * 1_000_000_000n,
    position: n + 1
  }))
  return historyOf(events, rules).map(({ invariant, subject }) => `${invariant} ${subject}`)
}

describe('events by hand', () => {
  const enabled: Fact = {
    type: 'patch.enabled',
    data: {
      patch: 'p',
      replace: false,
      replaceable: null,
      replaceSet: null,
      objects: [],
      nopsListed: true,
      states: [],
      actor: null
    }
  }
  const started: Fact = { type: 'transition.started', data: { patch: 'p', goal: 'patched' } }
  const completed: Fact = { type: 'transition.completed', data: { patch: 'p', goal: 'patched' } }
  const observed = (patches: readonly string[]): Fact => ({
    type: 'host.observed',
    data: {
      fromNs: '3500000000',
      label: null,
      patches: patches.map((name) => ({
        name,
        enabled: true,
        transition: false,
        replace: false,
        replaceable: null,
        replaceSet: null,
        stackOrder: null,
        objects: []
      })),
      modules: null,
      kprobes: null,
      hooks: null,
      hooksComplete: false
    }
  })
  const attachedAt = (address: string): Fact => ({
    type: 'hook.attached',
    data: {
      program: 'ov',
      programId: 1,
      linkId: 1,
      kind: 'fentry',
      module: 'p',
      function: 'p_f',
      address,
      overrides: null,
      overrideValue: null,
      filter: null,
      actor: null
    }
  })

  it('F4: sysfs has who is enabled, and nobody else', () => {
    expect(byHand([enabled, started, completed, observed(['p'])])).toEqual([])
    expect(byHand([enabled, started, completed, observed([])])).toEqual(['F4 p'])
    expect(byHand([enabled, started, completed, observed(['p', 'q'])])).toEqual(['F4 q'])
  })

  it('F5: the free work of a patch comes once', () => {
    const freed: Fact = { type: 'patch.freed', data: { patch: 'p' } }
    const disabled: Fact = { type: 'patch.disabled', data: { patch: 'p', actor: null } }
    const unpatched: Fact = { type: 'transition.completed', data: { patch: 'p', goal: 'unpatched' } }
    const life = [enabled, started, completed, disabled, unpatched, freed]
    expect(byHand(life)).toEqual([])
    expect(byHand([...life, freed])).toEqual(['F5 p'])
    expect(byHand([enabled, started, completed, freed])).toContain('F5 p')
    // Of a patch from before the evidence nobody knows how often it was freed.
    expect(byHand([freed])).toEqual([])
  })

  it('K5: text under a link is not unloaded', () => {
    const loaded: Fact = { type: 'module.loaded', data: { module: 'p', livepatch: true, actor: null } }
    const unloaded: Fact = { type: 'module.unloaded', data: { module: 'p', reason: 'removed' } }
    const detached: Fact = {
      type: 'hook.detached',
      data: { program: 'ov', programId: 1, linkId: 1, actor: null }
    }
    expect(byHand([loaded, attachedAt('0x1'), unloaded])).toEqual(['K5 ov@p:p_f'])
    expect(byHand([loaded, attachedAt('0x1'), detached, unloaded])).toEqual([])
  })

  it('T10: who has been unpatched stays so', () => {
    const disabled: Fact = { type: 'patch.disabled', data: { patch: 'p', actor: null } }
    const unpatched: Fact = { type: 'transition.completed', data: { patch: 'p', goal: 'unpatched' } }
    const life = [enabled, started, completed, disabled, unpatched]
    expect(byHand(life)).toEqual([])
    expect(byHand([...life, started])).toContain('T10 p')
  })
})
