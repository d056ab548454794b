import { describe, expect, test } from 'vitest'
import type { EventData } from '../../src/events/index.ts'
import { functionViews, gapsOf, hookRowsAt, runsOf, stackView, stateAt } from '../../src/projections/index.ts'
import {
  attached,
  begun,
  completed,
  disabling,
  enabled,
  eventsOf,
  folded,
  type HandMade,
  handMade,
  patched,
  STREAM,
  switched
} from './hand-made.ts'

const lost = (ms: number): HandMade => [
  ms,
  'evidence.lost',
  { count: 12, reason: 'the ring buffer was full' }
]

type Sysfs = NonNullable<EventData<'host.observed'>['patches']>[number]

const inSysfs = (name: string, more: Partial<Sysfs> = {}): Sysfs => ({
  name,
  enabled: true,
  transition: false,
  replace: false,
  replaceable: null,
  replaceSet: null,
  stackOrder: null,
  objects: [{ name: 'vmlinux', patched: true, functions: [{ name: 'f', sympos: 1, newName: null }] }],
  ...more
})

/** A snapshot read from one time to another. */
const observed = (fromMs: number, toMs: number, patches: Sysfs[]): HandMade => [
  toMs,
  'host.observed',
  {
    fromNs: String(BigInt(fromMs) * 1_000_000n),
    label: null,
    patches,
    modules: null,
    kprobes: null,
    hooks: null,
    hooksComplete: false
  }
]

const observedNothing: EventData<'host.observed'> = {
  fromNs: '0',
  label: null,
  patches: null,
  modules: null,
  kprobes: null,
  hooks: null,
  hooksComplete: false
}

async function answers(facts: readonly HandMade[]) {
  const log = await handMade(facts)
  const state = await stateAt(log, STREAM, facts.length)
  const runs = await runsOf(log, STREAM, 'f', null)
  await log.dispose()
  return { view: stackView(STREAM, state), contradictions: state.contradictions.map((one) => one.text), runs }
}

const lp = [enabled(1, 'lp', ['f']), ...patched(2, 'lp')]

describe('lost evidence', () => {
  test('makes what is said afterwards unsure, with the reason and since when', async () => {
    const { view, runs } = await answers([...lp, lost(10)])
    expect(view.unsure).toEqual({
      reason: '12 records were lost: the ring buffer was full',
      sinceNs: '10000000'
    })
    const settled = runs.filter((run) => run.tasks === 'all')
    expect(settled.map((run) => [run.version, run.unsure !== null])).toEqual([
      ['original', false],
      ['lp', false],
      ['lp', true]
    ])
  })

  test('is made good by a snapshot that was read in a quiet moment', async () => {
    const { view, contradictions } = await answers([...lp, lost(10), observed(20, 30, [inSysfs('lp')])])
    expect(view.unsure).toBeNull()
    expect(contradictions).toEqual([])
  })

  test('is not made good by a snapshot under which something moved', async () => {
    const { view } = await answers([
      ...lp,
      lost(10),
      [25, 'patch.disabled', { patch: 'lp', actor: null }],
      observed(20, 30, [inSysfs('lp')])
    ])
    expect(view.unsure).not.toBeNull()
  })

  test('may have hidden a patch: the snapshot that shows it is believed, and contradicts nothing', async () => {
    const { view, contradictions } = await answers([
      ...lp,
      lost(10),
      observed(20, 30, [inSysfs('lp'), inSysfs('unseen')])
    ])
    expect(view.patches.map((patch) => patch.name)).toEqual(['lp', 'unseen'])
    expect(contradictions).toEqual([])
  })
})

describe('a snapshot settles what it read', () => {
  const hook = {
    program: 'prog',
    programId: 7,
    linkId: 3,
    kind: 'kprobe',
    module: 'lp',
    function: 'lp_f'
  } as const
  const listed = (more: Partial<EventData<'host.observed'>>): HandMade => [
    30,
    'host.observed',
    { ...observedNothing, fromNs: '20000000', ...more }
  ]
  const doubtOf = (...facts: HandMade[]) => {
    const { doubt } = folded(...lp, ...facts)
    return { patches: doubt.patches !== null, hooks: doubt.hooks !== null, modules: doubt.modules !== null }
  }
  const sysfs = { patches: [inSysfs('lp')] }

  test('sysfs alone: the patches, and no hook that evidence has told of', () => {
    const unsettled = { patches: false, hooks: true, modules: true }
    expect(doubtOf(attached(8, 'lp', 'lp_f'), lost(10), listed(sysfs))).toEqual(unsettled)
    expect(doubtOf(lost(10), listed(sysfs))).toEqual({ ...unsettled, hooks: false })
  })

  test('the links: the hooks, but for one without a link, whose kprobe only kprobes/list shows', () => {
    const hooks = [{ ...hook, address: null }]
    const modules = [{ name: 'lp', refs: 1, state: 'Live' }]
    const links = { ...sysfs, hooks, hooksComplete: true, modules }
    expect(doubtOf(lost(10), listed({ ...links, hooksComplete: false })).hooks).toBe(true)
    expect(doubtOf(lost(10), listed(links))).toEqual({ patches: false, hooks: false, modules: false })
    const byIoctl = attached(8, 'lp', 'lp_f', { program: 'other', linkId: null, address: '0x10' })
    expect(doubtOf(byIoctl, lost(10), listed(links)).hooks).toBe(true)
    const probe = { address: '0x10', symbol: 'lp_f', module: 'lp', gone: false }
    expect(doubtOf(byIoctl, lost(10), listed({ ...links, kprobes: [probe] })).hooks).toBe(false)
    const left = folded(...lp, byIoctl, lost(10), listed({ ...links, kprobes: [] }))
    expect(left.hooks.map(({ program }) => program)).toEqual(['prog'])
  })

  test('the place of a hook, where the record that named it was lost', () => {
    const placeless = attached(12, 'lp', 'lp_f', { module: null, function: null })
    const links = { ...sysfs, hooks: [{ ...hook, address: null }], hooksComplete: true }
    const unnamed = { ...links, hooks: [{ ...hook, address: null, module: null, function: null }] }
    const { hooks } = folded(...lp, lost(10), placeless, listed(links))
    expect(hooks).toMatchObject([{ program: 'prog', module: 'lp', function: 'lp_f' }])
    expect(doubtOf(lost(10), placeless, listed(links)).hooks).toBe(false)
    expect(doubtOf(lost(10), placeless, listed(unnamed)).hooks).toBe(true)
  })

  test('of a patch that only it knows, a hook is on the function that the manifest named', () => {
    const functions = ['f', 'g'].map((name) => ({ name, sympos: 1, newName: `lp_${name}` }))
    const patch = inSysfs('lp', { objects: [{ name: 'vmlinux', patched: true, functions }] })
    const state = folded(lost(1), listed({ patches: [patch] }), attached(40, 'lp', 'lp_g'))
    expect(functionViews(state).map((view) => view.switched.hook)).toEqual([null, state.hooks[0]?.program])
  })
})

describe('while evidence is missing', () => {
  const unseen = (facts: readonly HandMade[]) => answers(facts).then(({ runs }) => runs)

  test('a function that nobody patches may be patched all the same', async () => {
    const off: HandMade[] = [
      [5, 'patch.disabled', { patch: 'lp', actor: null }],
      [6, 'transition.completed', { patch: 'lp', goal: 'unpatched' }],
      [7, 'patch.freed', { patch: 'lp' }]
    ]
    const runs = await unseen([...lp, ...off, lost(10), observed(20, 30, [])])
    const last = runs.slice(-3).map((run) => [run.version, run.fromNs / 1_000_000n, run.unsure !== null])
    expect(last).toEqual([
      ['original', 6n, false],
      ['original', 10n, true],
      ['original', 30n, false]
    ])
  })

  test('hooks and gaps say so too', async () => {
    const facts = [...lp, attached(8, 'lp', 'lp_f'), lost(10), ...disabling(15, 'lp')]
    const log = await handMade(facts)
    const state = await stateAt(log, STREAM, facts.length)
    expect((await hookRowsAt(log, STREAM, state)).map(({ unsure }) => unsure)).toEqual([
      state.doubt.patches?.reason
    ])
    expect((await gapsOf(log, STREAM, null)).map(({ unsure }) => unsure)).toEqual([])
    await log.append(STREAM, 'any', eventsOf([...facts, switched(20, 'lp', 'unpatched', 7)]).slice(-1))
    expect((await gapsOf(log, STREAM, null)).map(({ unsure }) => unsure)).toEqual([
      state.doubt.patches?.reason
    ])
    await log.dispose()
  })

  test('who had switched in a transition that lost some is not told by a snapshot behind it', async () => {
    const facts = [
      enabled(1, 'lp', ['f']),
      ...begun(2, 'lp'),
      lost(10),
      observed(20, 30, [inSysfs('lp', { transition: true })])
    ]
    const { transition, doubt } = folded(...facts)
    expect(doubt.patches).toBeNull()
    expect(transition?.unsure).toContain('12 records were lost')
    expect(
      folded(...facts, completed(40, 'lp', 'patched'), ...disabling(50, 'lp')).transition?.unsure
    ).toBeNull()
  })
})

describe('a snapshot from before the last event', () => {
  test('is kept, and changes nothing that is known', () => {
    const before = folded(...lp)
    const after = folded(...lp, observed(0, 1, []))
    expect(after.lateEvents).toBe(1)
    expect({ ...after, lateEvents: 0, position: before.position }).toEqual(before)
  })
})

describe('a snapshot that contradicts what the events say', () => {
  test('is believed, and the contradiction is kept', async () => {
    const { view, contradictions } = await answers([...lp, observed(20, 30, [])])
    expect(view.patches).toEqual([])
    expect(contradictions).toEqual(['lp is not in sysfs, and no event freed it'])
  })

  test('about a flag names the flag', async () => {
    const { view, contradictions } = await answers([
      ...lp,
      observed(20, 30, [inSysfs('lp', { enabled: false })])
    ])
    expect(view.patches[0]?.enabled).toBe(false)
    expect(contradictions).toEqual(['lp: enabled is 0 in sysfs, 1 by the events'])
  })

  test('shows a nop that nobody foresaw', async () => {
    const { view, contradictions } = await answers([
      enabled(1, 'lp', ['f'], { replace: true }),
      [2, 'object.patched', { patch: 'lp', object: 'vmlinux' }],
      [3, 'transition.started', { patch: 'lp', goal: 'patched' }],
      observed(20, 30, [
        inSysfs('lp', {
          replace: true,
          transition: true,
          objects: [
            {
              name: 'vmlinux',
              patched: true,
              functions: [
                { name: 'f', sympos: 1, newName: null },
                { name: 'g', sympos: 1, newName: null }
              ]
            }
          ]
        })
      ])
    ])
    expect(view.patches[0]?.objects[0]?.functions).toEqual([
      { name: 'f', sympos: 1, nop: false },
      { name: 'g', sympos: 1, nop: true }
    ])
    expect(contradictions).toEqual([
      'lp: functions of vmlinux is with them in sysfs, without g by the events'
    ])
  })
})
