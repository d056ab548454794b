import { describe, expect, test } from 'vitest'
import { hookView, type KernelState } from '../../src/projections/index.ts'
import {
  attached,
  begun,
  booted,
  completed,
  disabling,
  enabled,
  folded,
  type HandMade,
  patched
} from './hand-made.ts'

/** Where a program on a livepatch's function stands, and whose calls reach it: C.4, by examples. */

function statusOf(state: KernelState): string {
  const [hook] = state.hooks
  if (hook === undefined) return 'detached'
  const { status, reach } = hookView(state, hook)
  return `${status}, reached by ${reach}`
}

function reasonOf(state: KernelState): string | null {
  const [hook] = state.hooks
  return hook === undefined ? null : hookView(state, hook).reason
}

const hooked = [
  booted('hybrid'),
  enabled(1, 'lp', ['f'], { replaceable: false }),
  ...patched(2, 'lp'),
  attached(5, 'lp', 'lp_f')
]

const done = (ms: number, patch: string): HandMade => completed(ms, patch, 'patched')

describe('a program on the replacement', () => {
  test('ACTIVE: its owner is on top, for all tasks', () => {
    expect(statusOf(folded(...hooked))).toBe('active, reached by all')
    expect(reasonOf(folded(...hooked))).toBeNull()
  })

  test('PARTIAL: its owner is being enabled, and only who has switched reaches it', () => {
    const facts = [booted('mainline'), enabled(1, 'lp', ['f']), ...begun(2, 'lp'), attached(5, 'lp', 'lp_f')]
    expect(statusOf(folded(...facts))).toBe('partial, reached by switched')
  })

  test('PARTIAL: its owner is being disabled, and who has switched is lost to it', () => {
    expect(statusOf(folded(...hooked, ...disabling(10, 'lp')))).toBe('partial, reached by unswitched')
  })

  test('SHADOWED: another patch lies above; who has not switched yet still reaches it', () => {
    const over = [enabled(10, 'lp_over', ['f']), ...begun(11, 'lp_over')]
    expect(statusOf(folded(...hooked, ...over))).toBe('shadowed, reached by unswitched')
    expect(statusOf(folded(...hooked, ...over, done(20, 'lp_over')))).toBe('shadowed, reached by none')
    expect(reasonOf(folded(...hooked, ...over, done(20, 'lp_over')))).toContain('lp_over')
  })

  test('SHADOWED no longer when what lay above it goes', () => {
    const over = [enabled(10, 'lp_over', ['f']), ...patched(11, 'lp_over'), ...disabling(20, 'lp_over')]
    expect(statusOf(folded(...hooked, ...over))).toBe('shadowed, reached by switched')
    const gone = completed(30, 'lp_over', 'unpatched')
    expect(statusOf(folded(...hooked, ...over, gone))).toBe('active, reached by all')
  })

  test('SHADOWED by a nop, in hybrid, and free again at the completion', () => {
    const facts = [
      booted('hybrid'),
      enabled(1, 'lp', ['f'], { replaceable: false }),
      ...patched(2, 'lp'),
      attached(5, 'lp', 'lp_f'),
      enabled(10, 'cum1', ['f'], { replaceable: true }),
      ...patched(11, 'cum1'),
      enabled(20, 'cum2', ['g'], { replace: true, replaceable: true }),
      ...begun(21, 'cum2')
    ]
    expect(statusOf(folded(...facts))).toBe('shadowed, reached by none')
    expect(reasonOf(folded(...facts))).toContain('a nop of cum2')
    const end: HandMade[] = [
      [30, 'patch.replaced', { patch: 'cum1', by: 'cum2' }],
      [31, 'nop.discarded', { patch: 'cum2', functions: null }],
      done(32, 'cum2')
    ]
    expect(statusOf(folded(...facts, ...end))).toBe('active, reached by all')
  })

  test('in replace-set nobody else may touch its function: it stays ACTIVE beside a replace of another set', () => {
    const set = (replaceSet: number) => ({ replace: null, replaceSet })
    const facts = [
      booted('replace-set'),
      enabled(1, 'lp', ['f'], set(1)),
      ...patched(2, 'lp'),
      attached(5, 'lp', 'lp_f'),
      enabled(10, 'cum1', ['g'], set(0)),
      ...patched(11, 'cum1'),
      enabled(20, 'cum2', ['h'], set(0)),
      ...begun(21, 'cum2')
    ]
    expect(statusOf(folded(...facts))).toBe('active, reached by all')
    expect(statusOf(folded(...facts, done(30, 'cum2')))).toBe('active, reached by all')
  })

  test('STALE: its owner was replaced, and then freed', () => {
    const facts = [...hooked, enabled(10, 'new', ['f'], { replace: true }), ...begun(11, 'new')]
    const replaced: HandMade = [20, 'patch.replaced', { patch: 'lp', by: 'new' }]
    expect(statusOf(folded(...facts, replaced))).toBe('stale, reached by none')
    expect(reasonOf(folded(...facts, replaced))).toBe('new replaced lp')
    const freed: HandMade = [30, 'patch.freed', { patch: 'lp' }]
    expect(statusOf(folded(...facts, replaced, done(25, 'new'), freed))).toBe('stale, reached by none')
  })

  test('STALE: its owner was disabled', () => {
    const facts = [...hooked, ...disabling(10, 'lp'), completed(20, 'lp', 'unpatched')]
    expect(statusOf(folded(...facts))).toBe('stale, reached by none')
    expect(reasonOf(folded(...facts))).toBe('lp is disabled')
  })

  test('GONE: a kprobe dies with its module, and no reload revives it', () => {
    const off: HandMade[] = [
      ...disabling(10, 'lp'),
      completed(20, 'lp', 'unpatched'),
      [21, 'patch.freed', { patch: 'lp' }],
      [30, 'hook.killed', { address: '0xlplp_f', symbol: null }],
      [31, 'module.unloaded', { module: 'lp', reason: 'removed' }]
    ]
    expect(statusOf(folded(...hooked, ...off))).toBe('gone, reached by none')
    const again = [enabled(40, 'lp', ['f']), ...patched(41, 'lp')]
    expect(statusOf(folded(...hooked, ...off, ...again))).toBe('gone, reached by none')
  })

  test('GONE too when only the end of the module was seen', () => {
    const off: HandMade[] = [
      [21, 'patch.freed', { patch: 'lp' }],
      [31, 'module.unloaded', { module: 'lp', reason: 'removed' }]
    ]
    expect(statusOf(folded(...hooked, ...off))).toBe('gone, reached by none')
  })

  test('of two functions with the same owner it is there for the one that it hangs on', () => {
    const facts = [
      booted('mainline'),
      enabled(1, 'lp', ['f', 'g']),
      ...patched(2, 'lp'),
      attached(5, 'lp', 'lp_g')
    ]
    const over = [enabled(10, 'lp_over', ['f']), ...patched(11, 'lp_over')]
    expect(statusOf(folded(...facts, ...over))).toBe('active, reached by all')
    const [hook] = folded(...facts).hooks
    expect(hook === undefined ? [] : hookView(folded(...facts), hook).functions).toEqual(['vmlinux:g,1'])
  })
})

describe('a program on the original', () => {
  const original = (ms: number, overrides: boolean) => attached(ms, null, 'f', { overrides })

  test('is reached by every call, patched or not, as long as it only looks on', () => {
    const facts = [booted('mainline'), enabled(1, 'lp', ['f']), ...patched(2, 'lp'), original(5, false)]
    expect(statusOf(folded(...facts))).toBe('active, reached by all')
  })

  test('loses its override to a livepatch that is older than the first kprobe', () => {
    const facts = [booted('mainline'), enabled(1, 'lp', ['f']), ...patched(2, 'lp'), original(5, true)]
    expect(statusOf(folded(...facts))).toBe('shadowed, reached by none')
    expect(reasonOf(folded(...facts))).toContain("lp's ftrace ops are older")
  })

  test('loses it to a livepatch that was younger than a kprobe which is gone by now', () => {
    const detached = { program: 'prog', programId: null, linkId: null, actor: null }
    const facts = [
      booted('mainline'),
      original(1, true),
      enabled(2, 'lp', ['f']),
      ...patched(3, 'lp'),
      [10, 'hook.detached', detached] as HandMade,
      original(20, true)
    ]
    expect(statusOf(folded(...facts.slice(0, 5)))).toBe('active, reached by all')
    expect(statusOf(folded(...facts))).toBe('shadowed, reached by none')
  })

  test('keeps it beside a tracer that is itself made of kprobes', () => {
    const facts = [booted('mainline', true), enabled(1, 'lp', ['f']), ...patched(2, 'lp'), original(5, true)]
    expect(statusOf(folded(...facts))).toBe('active, reached by all')
  })
})
