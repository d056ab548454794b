import { describe, expect, test } from 'vitest'
import { ingestSources, linesOf, linesSource, manifestOf } from '../support/evidence.ts'
import { recordings } from '../support/recordings.ts'

/** What the kernel's rules exclude shows that records are missing, in a trace that nothing else tells of. */

const record = (ms: number, text: string) =>
  `          insmod-7       [000] ..... ${(1 + ms / 1000).toFixed(6).padStart(12)}: ${text}`
const init = (ms: number, patch: string, state = 1) =>
  record(ms, `init_transition: (klp_init_transition+0x4/0x1e0) patch="${patch}" state=${state}`)
const start = (ms: number, patch: string, target = 1) =>
  record(ms, `start_transition: (klp_start_transition+0x4/0x1b0) patch="${patch}" target=${target}`)
const tries = (ms: number, patch: string) =>
  record(ms, `try_complete: (klp_try_complete_transition+0x0/0x310) patch="${patch}"`)
const switches = (ms: number, pid: number) =>
  record(
    ms,
    `switch_task: (task_call_func+0x70/0xd0 <- klp_check_and_switch_task) comm="sh" pid=${pid} ret=0`
  )
const complete = (ms: number, patch: string, target = 1) =>
  record(ms, `complete: (klp_complete_transition+0x0/0x310) patch="${patch}" target=${target}`)
const enable = (ms: number, patch: string) =>
  record(ms, `enable_patch: (klp_enable_patch+0x4/0x990) patch="${patch}" replace=1`)
const patches = (ms: number, patch: string, object = 'vmlinux') =>
  record(ms, `patch_object: (klp_patch_object+0x4/0x280) patch="${patch}" obj="${object}"`)
const patchedIs = (ms: number, ret = 0) =>
  record(ms, `patch_object_ret: (klp_module_coming+0xcb/0x240 <- klp_patch_object) ret=${ret}`)
const coming = (ms: number, module: string) =>
  record(ms, `module_coming: (klp_module_coming+0x4/0x240) mod="${module}"`)
const prints = (ms: number, text: string) => record(ms, `console: ${text}`)
const leaves = (ms: number, patch: string) =>
  record(ms, `unpatch_func: (klp_unpatch_func+0x0/0x140) patch="${patch}" func="f" nop=0`)
const replaces = (ms: number, patch: string) =>
  record(ms, `unpatch_replaced: (klp_unpatch_replaced_patches+0x4/0x50) new_patch="${patch}"`)
const objectsOf = (ms: number, patch: string) =>
  record(ms, `unpatch_objects: (klp_unpatch_objects+0x4/0x50) patch="${patch}"`)
const discards = (ms: number, patch: string) =>
  record(ms, `discard_nops: (klp_discard_nops+0x4/0x30) new_patch="${patch}"`)
const unpatch = (ms: number, patch: string) =>
  record(ms, `unpatch_object: (__klp_unpatch_object+0x0/0xb0) patch="${patch}" obj="vmlinux" nops_only=0`)

async function holes(...lines: string[]): Promise<string[]> {
  const { events } = await ingestSources([linesSource('trace.txt', 'ftrace', lines)], {
    policy: 'mainline'
  })
  return events.flatMap(({ type, data }) => (type === 'evidence.lost' ? [data.reason] : []))
}

const whole = [init(0, 'lp'), start(1, 'lp'), tries(2, 'lp'), switches(3, 5), complete(4, 'lp')]

describe('a hole shows', () => {
  test('in a task that is to switch while no transition is under way', async () => {
    expect(await holes(...whole, switches(9, 5))).toEqual([
      'task 5 was to switch, and no record shows a transition begun'
    ])
  })

  test('in a completion, and in a start, of a transition that nobody saw begin', async () => {
    expect(await holes(...whole, complete(9, 'other', 0))).toEqual([
      'the transition of other is complete, and no record shows it begun'
    ])
    expect(await holes(...whole, start(9, 'lp', 0))).toEqual([
      'the transition of lp started, and no record shows it begun'
    ])
  })

  test('in a task that another one tries outside of a try, where the trace has a record of each', async () => {
    const again = [init(9, 'lp', 0), start(10, 'lp', 0), switches(11, 5)]
    expect(await holes(...whole, ...again)).toEqual([
      'task 5 was tried by another, and no record shows klp_try_complete_transition()'
    ])
    const untried = whole.filter((line) => !line.includes('try_complete'))
    expect(await holes(...untried, ...again)).toEqual([])
  })

  test('in a patch that leaves the stacks while another one is being enabled', async () => {
    const second = [enable(8, 'new'), init(9, 'new'), start(10, 'new'), tries(11, 'new'), complete(12, 'new')]
    const later = record(20, 'replaced: (klp_unpatch_replaced_patches+0x0/0x80) new="third"')
    expect(await holes(...whole, ...second, unpatch(13, 'lp'))).toEqual([])
    expect(await holes(...whole, ...second, unpatch(13, 'lp'), later)).toEqual([
      'lp left the stacks, and no record shows that new is replacing it'
    ])
  })
})

/** A patch is enabled, and then a module comes that it patches. */
const applied = [...whole, coming(10, 'mod'), patches(11, 'lp', 'mod'), patchedIs(12)]
const loaded = record(14, 'module_load: mod O')

describe('a hole shows in what follows the patching of an object', () => {
  const later = [coming(30, 'mod'), patches(31, 'lp', 'mod'), patchedIs(32)]

  test('and no hole where it is recorded', async () => {
    expect(await holes(...applied, prints(13, 'lp: post_patch mod'), loaded)).toEqual([])
  })

  test('where its return is not', async () => {
    const unreturned = applied.filter((line) => !line.includes('patch_object_ret'))
    const reason = 'the kernel went on with lp, and no record shows klp_patch_object() return'
    expect(await holes(...unreturned, loaded, ...later)).toEqual([reason])
    expect(await holes(...unreturned, loaded)).toEqual([])
  })

  test('but not while another task only waits to patch, too', async () => {
    const other = coming(11.5, 'other').replace('insmod-7', 'insmod-8')
    expect(await holes(...applied.slice(0, -1), other, ...applied.slice(-1), loaded)).toEqual([])
  })

  test('in the callback behind it, and behind the unpatching', async () => {
    const [unapplied, post] = [applied.slice(0, -2), prints(13, 'lp: post_patch mod')]
    expect(await holes(...unapplied, post, loaded, ...later)).toEqual([
      'lp runs post_patch, and no record shows mod patched'
    ])
    const gone = prints(22, 'lp: post_unpatch mod')
    const going = record(20, 'module_going: (klp_module_going+0x4/0x50) mod="mod"')
    expect(await holes(...applied, going, leaves(21, 'lp'), gone)).toEqual([])
    expect(await holes(...applied, going, gone, leaves(40, 'other'))).toEqual([
      'lp runs post_unpatch, and no record shows mod unpatched'
    ])
  })
})

describe('a hole shows in discarded nops', () => {
  const second = [enable(8, 'new'), init(9, 'new'), start(10, 'new'), tries(11, 'new'), complete(12, 'new')]
  const replacing = [replaces(13, 'new'), objectsOf(14, 'lp'), discards(15, 'new')]
  const later = [replaces(30, 'third'), objectsOf(31, 'new')]

  test('unless all that comes before them is recorded', async () => {
    expect(await holes(...whole, ...second, ...replacing)).toEqual([])
  })

  test('without a record of the replacing', async () => {
    expect(await holes(...whole, ...second, ...replacing.slice(2), ...later)).toContain(
      'nops of new are discarded, and no record shows klp_unpatch_replaced_patches()'
    )
  })

  test('without a record of the replaced patch', async () => {
    const lacking = replacing.filter((line) => !line.includes('unpatch_objects'))
    expect(await holes(...whole, ...second, ...lacking, ...later)).toContain(
      'new has replaced lp, and no record shows that it left the stacks'
    )
    expect(await holes(...whole, ...second, ...lacking)).toEqual([])
  })
})

describe('what was before the first record is no hole', () => {
  test('a trace that begins between the patching and its callback', async () => {
    const lines = [...whole, ...applied.slice(whole.length), prints(13, 'lp: post_patch mod'), loaded]
    for (let from = 0; from < lines.length; from += 1) expect(await holes(...lines.slice(from))).toEqual([])
  })

  test('a trace that begins in a transition', async () => {
    for (let from = 0; from < whole.length; from += 1) expect(await holes(...whole.slice(from))).toEqual([])
  })

  test.each(recordings())('$name, from anywhere', async (recording) => {
    const trace = linesOf(recording, 'trace.txt').filter((line) => !line.startsWith('#'))
    for (const part of [0, 0.1, 0.25, 0.4, 0.6, 0.8]) {
      const lines = trace.slice(Math.floor(trace.length * part))
      const sources = [linesSource('trace.txt', 'ftrace', lines), manifestOf(recording)]
      const { events } = await ingestSources(sources, { policy: recording.policy })
      const found = events.flatMap(({ type, data }) => (type === 'evidence.lost' ? [data.reason] : []))
      expect(found, `from ${part}`).toEqual([])
    }
  })
})
