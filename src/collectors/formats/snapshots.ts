import { z } from 'zod'
import type { BpfLink, BpfProgram, EvidenceFormat, Observation } from '../observation.ts'
import { type Outcome, rejected } from './held-lines.ts'
import { address, jsonLines, nanoseconds, shareInShape, symbolAt, wholeNumber } from './json-lines.ts'
import { SysfsTree } from './sysfs-tree.ts'

type Snapshot = Extract<Observation, { kind: 'snapshot' }>
type Kprobe = NonNullable<Snapshot['kprobes']>[number]
type Module = NonNullable<Snapshot['modules']>[number]

/**
 * Snapshots of a recorder, one JSON object a line: `label`, `t` and `t1` (ns since boot, when reading began
 * and ended), `livepatch` (path below /sys/kernel/livepatch to value; `"dir"` for a function's directory,
 * null for a write-only file), `modules` (lines of /proc/modules), `kprobes` (lines of debugfs kprobes/list),
 * `bpf_progs` and `bpf_links` (fields of struct bpf_prog_info and bpf_link_info). A part that is missing was
 * not read.
 */
export const snapshots: EvidenceFormat = {
  name: 'snapshots',
  description: "a recorder's snapshots of sysfs, modules, kprobes and BPF, one JSON object a line",
  recognise: (head) => shareInShape(head, snapshotLine),
  open: () => jsonLines(snapshotLine, read)
}

const procModule = z.string().transform((line, context): Module => {
  // name size refs users state address taints; a kernel without CONFIG_MODULE_UNLOAD prints `-` for refs.
  const [, name, refs, state] = /^(\S+) \d+ (\d+|-)(?: \S+)? (Live|Loading|Unloading)\b/.exec(line) ?? []
  if (name === undefined || state === undefined) return refuse(context, '/proc/modules', line)
  return { name, refs: refs === undefined || refs === '-' ? null : Number(refs), state }
})

const kprobeMarks = /^(?:\[(?:GONE|DISABLED|OPTIMIZED|FTRACE)\])+$/

const listedKprobe = z.string().transform((line, context): Kprobe => {
  // report_probe(): address, type, `symbol+0x… module`, marks. For a probe that has no symbol of its own, the
  // place is %pS instead: with a size, the module in brackets, and a bare address once the module went.
  const words = line.trim().split(/\s+/)
  const marks = kprobeMarks.test(words.at(-1) ?? '') ? words.pop() : ''
  const [at = '', type = '', symbol, module, ...more] = words
  if (!/^[0-9a-f]+$/.test(at) || !/^[krj]$/.test(type) || symbol === undefined || more.length > 0) {
    return refuse(context, 'kprobes/list', line)
  }
  return {
    address: `0x${at}`,
    symbol: /^0x[0-9a-f]+$/.test(symbol) ? null : symbol.replace(/\/0x[0-9a-f]+$/, ''),
    module: module?.replace(/^\[(.*)\]$/, '$1') ?? null,
    gone: marks?.includes('[GONE]') === true
  }
})

function refuse(context: z.RefinementCtx, file: string, line: string): never {
  context.addIssue({ code: 'custom', message: `not a line of ${file}: ${JSON.stringify(line.slice(0, 80))}` })
  return z.NEVER
}

/** enum bpf_prog_type, as far as such a program can hang on a function; others go by their number. */
const programTypes: Readonly<Record<number, string>> = {
  2: 'kprobe',
  5: 'tracepoint',
  7: 'perf_event',
  17: 'raw_tracepoint',
  26: 'tracing',
  28: 'ext',
  29: 'lsm',
  31: 'syscall'
}

const program = z
  .object({ id: z.int(), type: z.int(), name: z.string().nullish(), run_cnt: wholeNumber.nullish() })
  .transform(
    (info): BpfProgram => ({
      id: info.id,
      name: info.name ?? '',
      type: programTypes[info.type] ?? String(info.type),
      runCnt: info.run_cnt ?? null
    })
  )

/** enum bpf_link_type in bpftool's words; others go by their number. */
const linkTypes: Readonly<Record<number, string>> = {
  1: 'raw_tracepoint',
  2: 'tracing',
  4: 'iter',
  7: 'perf_event',
  8: 'kprobe_multi',
  9: 'struct_ops',
  12: 'uprobe_multi'
}

/** enum bpf_perf_event_type: what a perf_event link's event is. */
const perfTypes: Readonly<Record<number, string>> = {
  1: 'uprobe',
  2: 'uretprobe',
  3: 'kprobe',
  4: 'kretprobe',
  5: 'tracepoint',
  6: 'perf_event'
}

const link = z
  .object({
    id: z.int(),
    type: z.int(),
    prog_id: z.int(),
    perf_type: z.int().nullish(),
    func: z.string().nullish(),
    offset: wholeNumber.nullish(),
    addr: address.nullish()
  })
  .transform(
    (info): BpfLink => ({
      id: info.id,
      programId: info.prog_id,
      attachKind: perfTypes[info.perf_type ?? 0] ?? linkTypes[info.type] ?? String(info.type),
      symbol: symbolAt(info.func, info.offset),
      address: info.addr ?? null
    })
  )

const snapshotLine = z.object({
  label: z.string().nullish(),
  t: nanoseconds,
  t1: nanoseconds,
  livepatch: z.record(z.string(), z.string().nullable()).nullable(),
  modules: z.array(procModule).nullish(),
  kprobes: z.array(listedKprobe).nullish(),
  bpf_progs: z.array(program).nullish(),
  bpf_links: z.array(link).nullish()
})

function read(line: z.infer<typeof snapshotLine>): Outcome {
  if (line.t1 < line.t) return rejected('t1 is before t: the snapshot ends before it begins')
  const tree = new SysfsTree()
  for (const [path, value] of Object.entries(line.livepatch ?? {})) {
    const placed = tree.add(path, path.endsWith('/') && value === 'dir' ? null : value)
    if (typeof placed === 'object') return rejected(`livepatch: ${placed.wrong}`)
  }
  const result = tree.patches()
  const snapshot: Observation = {
    kind: 'snapshot',
    fromNs: line.t,
    label: line.label ?? null,
    // A patch that went between two of its files leaves a torn tree, beside which the other parts are whole.
    patches: line.livepatch && 'patches' in result ? result.patches : null,
    modules: line.modules ?? null,
    kprobes: line.kprobes ?? null,
    programs: line.bpf_progs ?? null,
    links: line.bpf_links ?? null
  }
  return { outcome: 'observed', timeNs: line.t1, clock: 'monotonic', observations: [snapshot] }
}
