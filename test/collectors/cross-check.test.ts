import { describe, expect, test } from 'vitest'
import { survey } from '../../src/collectors/index.ts'
import { ingestSources, linesSource } from '../support/evidence.ts'
import { recordings, sourcesOf } from '../support/recordings.ts'

/** What several sources see, and one of them has no record of, was lost from that one. */

describe.each(recordings())('$name', (recording) => {
  test('lacks nothing, and its clocks keep together', async () => {
    const found = await survey(await sourcesOf(recording, () => true))
    expect(found.unmet).toEqual([])
    expect(found.clockStep).toBeNull()
  })
})

const record = (seconds: number, text: string) =>
  `          insmod-7       [000] ..... ${seconds.toFixed(6).padStart(12)}: ${text}`
const tries = (seconds: number) =>
  record(seconds, 'try_complete: (klp_try_complete_transition+0x0/0x310) patch="lp"')
const mark = (seconds: number) => record(seconds, 'tracing_mark_write: STEP 1 begin: wait')
const printed = (seconds: number, text = 'klp_try_complete_transition') =>
  JSON.stringify({ type: 'printf', data: `${seconds * 1e9} ${text}\n` })

async function lost(
  trace: readonly string[],
  others: readonly (readonly [name: string, format: string, lines: readonly string[]])[]
) {
  const sources = [
    linesSource('trace.txt', 'ftrace', trace),
    ...others.map(([name, format, lines]) => linesSource(name, format, lines))
  ]
  const { events } = await ingestSources(sources, { policy: 'mainline' })
  return events.flatMap(({ type, uptimeNs, data }) =>
    type === 'evidence.lost' ? [{ atNs: uptimeNs, reason: data.reason }] : []
  )
}

/** A helper's own word in the journal of commands. */
const asked = (cmd: string, t0: number, t1: number, out: Record<string, unknown>) =>
  JSON.stringify({
    cmd,
    t0: t0 * 1e9,
    t1: t1 * 1e9,
    rc: out.errno,
    out: { ...out, t0: t0 * 1e9, t1: t1 * 1e9 }
  })
const insmod = (name: string, t0: number, t1: number, errno = 0) =>
  asked(`insmod ${name}.ko`, t0, t1, { op: 'finit_module', arg: `${name}.ko`, errno })

const bpftrace = (...lines: string[]) => [['bpf.json', 'bpftrace', lines] as const]

describe('a hole in a trace', () => {
  const trace = [mark(1), tries(2), tries(4), mark(5)]

  test('shows in what bpftrace tells, and begins behind the last record before it', async () => {
    const found = await lost(trace, bpftrace(printed(2), printed(3), printed(4)))
    expect(found).toEqual([
      { atNs: 2_000_000_000n, reason: 'the trace has no record of what bpf.json:2 tells' }
    ])
  })

  test('is none where both tell the same, each at its own reading of the clock', async () => {
    expect(await lost(trace, bpftrace(printed(2.008), printed(3.992)))).toEqual([])
  })

  test('is none for what the trace never has a record of, nor for what was before it began', async () => {
    const other = printed(3, 'klp_discard_nops new=lp')
    expect(await lost(trace, bpftrace(printed(0.5), printed(2), other, printed(4)))).toEqual([])
  })

  test('goes on to the last that others tell, where the trace ends before', async () => {
    const found = await lost(trace, bpftrace(printed(2), printed(4), printed(7)))
    expect(found.map(({ atNs }) => atNs)).toEqual([5_000_000_000n])
  })

  test('shows in a module that was loaded by the journal of commands', async () => {
    const loads = [record(1, 'module_load: one O'), ...trace]
    const commands = [insmod('one', 0.9, 1.1), insmod('two', 2.5, 3.5)]
    const found = await lost(loads, [['commands.txt', 'commands', commands]])
    expect(found.map(({ reason }) => reason)).toEqual([
      'the trace has no record of what commands.txt:2 tells'
    ])
  })
})

describe('what the kernel refused', () => {
  const reasonOf = (line: number) => [`the trace has no record of what commands.txt:${line} tells`]
  const commands = (...lines: string[]) => [['commands.txt', 'commands', lines] as const]

  test('shows a hole where a trace with such returns has none', async () => {
    const loads = [mark(1), record(2, 'sys_finit_module -> 0xffffffffffffffea'), mark(5)]
    const refused = insmod('one', 1.9, 2.1, 22)
    expect(await lost(loads, commands(refused))).toEqual([])
    const found = await lost(loads, commands(refused, insmod('two', 3, 3.5, 22)))
    expect(found.map(({ reason }) => reason)).toEqual(reasonOf(2))
    // Nobody asked the kernel: there is no such file.
    expect(await lost(loads, commands(refused, insmod('two', 3, 3.5, 2)))).toEqual([])
  })

  test('shows a hole in writes to a file of a patch', async () => {
    const stores = [
      mark(1),
      record(2, 'enabled_store: (enabled_store+0x4/0x150) patch="lp" value="0"'),
      mark(5)
    ]
    const write = (t0: number, path = '/sys/kernel/livepatch/lp/enabled') =>
      asked(`write ${path} 0`, t0, t0 + 0.2, { op: 'write', path, value: '0', errno: 22 })
    expect(await lost(stores, commands(write(1.9)))).toEqual([])
    const found = await lost(stores, commands(write(1.9), write(3)))
    expect(found.map(({ reason }) => reason)).toEqual(reasonOf(2))
    expect(await lost(stores, commands(write(1.9), write(3, '/sys/module/lp/enabled')))).toEqual([])
  })
})

describe('a clock that was set while the trace was written', () => {
  test.each([
    ['back', -1],
    ['forward', 1]
  ])('%s: shows in what bpftrace read of the same clock', async (_way, sign) => {
    const at = [2, 4, 6, 8]
    const trace = at.map((seconds, n) => tries(seconds + (n < 2 ? 0 : sign * 0.5)))
    const [first] = await lost([mark(1), ...trace], bpftrace(...at.map((seconds) => printed(seconds))))
    expect(first?.reason).toMatch(/^the clocks of the trace and of bpf.json part by -?500000000 ns$/)
    expect(first?.atNs).toBe(sign < 0 ? 3_500_000_000n : 4_000_000_000n)
  })
})
