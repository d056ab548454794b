import { describe, expect, test } from 'vitest'
import { ingestSources, linesSource } from '../support/evidence.ts'

/** What a trace does not tell, or not to its end, and other sources do. */

const record = (seconds: number, text: string) =>
  `          insmod-7       [000] ..... ${seconds.toFixed(6).padStart(12)}: ${text}`
const coming = (seconds: number) => record(seconds, 'module_coming: (klp_module_coming+0x4/0x240) mod="mod"')
const going = (seconds: number) => record(seconds, 'module_going: (klp_module_going+0x4/0x50) mod="mod"')
const reverts = (seconds: number) =>
  record(seconds, "console: livepatch: reverting patch 'lp' on unloading module 'mod'")
const command = (op: string, t0: number, t1: number, errno = 0) =>
  JSON.stringify({
    cmd: op,
    t0: t0 * 1e9,
    t1: t1 * 1e9,
    rc: errno,
    out: { op, arg: 'mod', t0: t0 * 1e9, t1: t1 * 1e9, errno }
  })

async function told(
  type: string,
  trace: readonly string[],
  ...[name, format, lines]: readonly [string, string, readonly string[]]
): Promise<readonly unknown[]> {
  const sources = [linesSource('trace.txt', 'ftrace', trace), linesSource(name, format, lines)]
  const { events } = await ingestSources(sources, { policy: 'mainline' })
  return events.flatMap((event) => (event.type === type ? [event.data] : []))
}

describe('the journal of commands tells', () => {
  const commandsAnd = (type: string, trace: readonly string[], ...lines: readonly string[]) =>
    told(type, trace, 'commands.txt', 'commands', lines)

  test('that a module whose load was seen is gone, as it was refused', async () => {
    const refused = [{ module: 'mod', reason: 'refused' }]
    expect(await commandsAnd('module.unloaded', [coming(2)], command('finit_module', 1.9, 2.1, 22))).toEqual(
      refused
    )
  })

  test('nothing new of a module that was there before a refused second load', async () => {
    const loads = [command('finit_module', 1.9, 2.1), command('finit_module', 3, 3.1, 17)]
    expect(await commandsAnd('module.unloaded', [coming(2)], ...loads)).toEqual([])
    expect(await commandsAnd('module.unloaded', [coming(2)], command('finit_module', 3, 3.1, 22))).toEqual([])
  })

  test('the end of a module: in its next life it can go again', async () => {
    const trace = [coming(1), going(2), reverts(2.01), coming(4), going(5), reverts(5.01)]
    const commands = [command('finit_module', 0.9, 1.1), command('delete_module', 1.9, 2.1)]
    expect(await commandsAnd('object.unpatched', trace, ...commands)).toHaveLength(2)
  })
})

describe('bpftrace beside a trace that has no record on livepatches', () => {
  const attach = [
    record(1, 'register: (register_kprobe+0x4/0x5a0) sym="f" addr=0x0 off=0'),
    record(1.1, 'set_prog: (perf_event_set_bpf_prog+0x4/0x50) prog="hook" id=28'),
    record(1.101, 'set_prog_ret: (bpf_perf_link_attach+0xbe/0x190 <- perf_event_set_bpf_prog) ret=0'),
    record(5, 'tracing_mark_write: STEP 1 end rc=0')
  ]
  const printed = (seconds: number, text: string) =>
    JSON.stringify({ type: 'printf', data: `${seconds * 1e9} ${text}\n` })

  test('attaches no program a second time', async () => {
    const lines = [printed(1.1, 'perf_event_set_bpf_prog prog=hook')]
    expect(await told('hook.attached', attach, 'bpf.json', 'bpftrace', lines)).toMatchObject([
      { programId: 28 }
    ])
  })

  test('tells of livepatches, and of programs before the trace began', async () => {
    const lines = [
      printed(0.5, 'perf_event_set_bpf_prog prog=early'),
      printed(2, 'klp_init_transition patch=lp state=1')
    ]
    expect(await told('hook.attached', attach, 'bpf.json', 'bpftrace', lines)).toMatchObject([
      { program: 'early' },
      { program: 'hook' }
    ])
    expect(await told('patch.enabled', attach, 'bpf.json', 'bpftrace', lines)).toMatchObject([
      { patch: 'lp' }
    ])
  })
})
