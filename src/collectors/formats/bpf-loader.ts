import { z } from 'zod'
import type { EvidenceFormat, LineReader, Observation } from '../observation.ts'
import { type Outcome, rejected, unrelated } from './held-lines.ts'
import { address, jsonLines, nanoseconds, shareInShape, wholeNumber } from './json-lines.ts'

type Step = Extract<Observation, { kind: 'bpf' }>

/**
 * What a BPF loader did and counted, one JSON object a line: its system calls (BPF_PROG_LOAD,
 * `perf_event_open(kprobe)`, `BPF_LINK_CREATE(perf_event|fentry|kprobe_multi)`, PERF_EVENT_IOC_SET_BPF) with
 * `t0`, `t1` (ns since boot) and errno, readings of its counters at `t`, and `detach(close)`, with the last
 * reading.
 *
 * A load or an attach is true at its end, t1; a detach at t0, because close() stops the program early and
 * then waits. perf_event_open alone attaches no program: only its failure is a step, a refused attach.
 */
export const bpfLoader: EvidenceFormat = {
  name: 'bpf-loader',
  description: "a BPF loader's journal of loads, attaches, counters and detaches, one JSON object a line",
  recognise: (head) => shareInShape(head, loaderLine),
  open: () => bpfLoaderReader()
}

const done = { name: z.string(), t0: nanoseconds, t1: nanoseconds, errno: z.int().nonnegative() }
const attach = { ...done, sym: z.string().nullish(), addr: address.nullish() }
const counters = { hits: wholeNumber.nullish(), overrides: wholeNumber.nullish() }

const loaderLine = z.discriminatedUnion('op', [
  z.object({ op: z.literal('BPF_PROG_LOAD'), kind: z.string(), ...done }),
  z.object({ op: z.literal('perf_event_open(kprobe)'), ...attach }),
  z.object({
    op: z.enum([
      'BPF_LINK_CREATE(perf_event)',
      'BPF_LINK_CREATE(fentry)',
      'BPF_LINK_CREATE(kprobe_multi)',
      'PERF_EVENT_IOC_SET_BPF'
    ]),
    ...attach
  }),
  z.object({ op: z.literal('counters'), name: z.string(), t: nanoseconds, ...counters }),
  z.object({
    op: z.literal('detach(close)'),
    name: z.string(),
    t0: nanoseconds,
    t1: nanoseconds,
    ...counters
  }),
  z.object({ op: z.literal('saw') })
])

type LoaderLine = z.infer<typeof loaderLine>

function bpfLoaderReader(): LineReader {
  // The attach lines do not repeat the loader's word for the kind; the load of the same program says it.
  const kinds = new Map<string, string>()
  return jsonLines(loaderLine, (line) => {
    if (line.op === 'BPF_PROG_LOAD') kinds.set(line.name, line.kind)
    return read(line, 'name' in line ? (kinds.get(line.name) ?? null) : null)
  })
}

function read(line: LoaderLine, kind: string | null): Outcome {
  switch (line.op) {
    case 'saw':
      return unrelated
    case 'counters':
      return stepAt(line.t, { step: 'counters', program: line.name, attachKind: kind, ...countsOf(line) })
    case 'detach(close)':
      if (line.t1 < line.t0) return backwards
      return stepAt(line.t0, { step: 'detach', program: line.name, attachKind: kind, ...countsOf(line) })
    case 'BPF_PROG_LOAD':
      if (line.t1 < line.t0) return backwards
      return stepAt(line.t1, { step: 'load', program: line.name, attachKind: line.kind, errno: line.errno })
    default: {
      if (line.t1 < line.t0) return backwards
      if (line.op === 'perf_event_open(kprobe)' && line.errno === 0) return unrelated
      return stepAt(line.t1, {
        step: 'attach',
        program: line.name,
        attachKind: kind ?? /\((\w+)\)$/.exec(line.op)?.[1] ?? null,
        symbol: line.sym ?? null,
        address: line.addr ?? null,
        errno: line.errno
      })
    }
  }
}

const backwards = rejected('t1 is before t0: the call ends before it begins')

function countsOf(line: { hits?: bigint | null | undefined; overrides?: bigint | null | undefined }) {
  return { hits: line.hits ?? null, overrides: line.overrides ?? null }
}

function stepAt(
  timeNs: bigint,
  step: Partial<Step> & Pick<Step, 'step' | 'program' | 'attachKind'>
): Outcome {
  const whole: Step = {
    kind: 'bpf',
    symbol: null,
    address: null,
    errno: 0,
    hits: null,
    overrides: null,
    task: null,
    ...step
  }
  return { outcome: 'observed', timeNs, clock: 'monotonic', observations: [whole] }
}
