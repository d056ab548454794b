import { z } from 'zod'
import type { BpfLink, BpfProgram, EvidenceFormat, Observation, Reading } from '../observation.ts'
import { HeldLines, lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { type Attempt, address, baseName, checked, symbolAt, wholeNumber } from './json-lines.ts'
import { JsonValues, type ValueSink } from './json-values.ts'

/**
 * `bpftool -j prog show`, `link show` and `perf show`, one JSON array a line or, with -p, over many lines:
 * each is a snapshot of programs or of links, with ids that start again at boot. bpftool tells no time
 * (`loaded_at` is whole seconds, of the load); a line `## t=<ns since boot> <label>: bpftool -j prog show`
 * before an array does, and without it the snapshot is timeless.
 *
 * `perf show` lists what hangs on perf events, links or not: its entries become links with a null id.
 */
export const bpftool: EvidenceFormat = {
  name: 'bpftool',
  description: 'bpftool -j prog show, link show and perf show',
  recognise: (head, fileName) => {
    if (head.some((line) => header.test(line))) return 1
    const first = head.find((line) => line.trim() !== '') ?? ''
    if (!/^\s*\[\s*(?:\{|\]|$)/.test(first)) return 0
    if (head.some((line) => /"(?:prog_id|fd_type|bytes_xlated|gpl_compatible)"\s*:/.test(line))) return 0.9
    return baseName(fileName).includes('bpftool') ? 0.6 : 0.1
  },
  open: () => new JsonValues(new BpftoolSink())
}

const header = /^## t=(\d{1,19})(?: (.*?))?: bpftool(?: -\S+)* (\w+)/

type Listing = { readonly programs: readonly BpfProgram[] } | { readonly links: readonly BpfLink[] }

interface Header {
  readonly timeNs: bigint
  readonly label: string | null
  readonly noun: string
  readonly held: HeldLines
}

class BpftoolSink implements ValueSink {
  #header: Header | null = null

  outside(raw: string, line: number, latin1: boolean | undefined): Reading[] {
    const [, ns, label, noun] = header.exec(raw) ?? []
    if (ns === undefined || noun === undefined) {
      const empty = raw.trim() === ''
      return [
        lineReading(raw, line, latin1, empty ? unrelated : rejected('neither JSON nor a `## t=` header'))
      ]
    }
    const before = this.end()
    const held = new HeldLines()
    held.add(raw, line, latin1)
    this.#header = { timeNs: BigInt(ns), label: label || null, noun, held }
    return before
  }

  breaks(raw: string): boolean {
    return header.test(raw)
  }

  value(lines: HeldLines, parsed: Attempt<unknown>): Reading[] {
    const above = this.#header
    this.#header = null
    const held = above ? above.held.followedBy(lines) : lines
    if (!parsed.ok) return [held.reading(rejected(parsed.reason))]
    return [held.reading(outcomeOf(parsed.value, above))]
  }

  /** A header with nothing below it tells that bpftool ran, and no more. */
  end(): Reading[] {
    const alone = this.#header
    this.#header = null
    return alone ? [alone.held.reading(unrelated)] : []
  }
}

function outcomeOf(value: unknown, above: Header | null): Outcome {
  if (!Array.isArray(value)) return rejected(notAList(value))
  const shown = nounOf(value[0])
  if (above && shown && shown !== above.noun) {
    return rejected(`the header says ${above.noun} show, and the entries ${shown} show`)
  }
  const noun = above?.noun ?? shown
  if (noun === null) {
    return value.length === 0
      ? unrelated
      : rejected('[0]: neither a program nor a link nor a perf attachment')
  }
  const list = lists.get(noun)
  // Maps, BTF and the rest of what bpftool can list.
  if (!list) return unrelated
  const listing = list(value)
  if (!listing.ok) return rejected(`${noun} show: ${listing.reason}`)
  const snapshot: Observation = {
    kind: 'snapshot',
    fromNs: above?.timeNs ?? 0n,
    label: above?.label ?? null,
    patches: null,
    modules: null,
    kprobes: null,
    programs: null,
    links: null,
    ...listing.value
  }
  return above
    ? { outcome: 'observed', timeNs: above.timeNs, clock: 'monotonic', observations: [snapshot] }
    : { outcome: 'timeless', observations: [snapshot] }
}

function notAList(value: unknown): string {
  const error = z.object({ error: z.string() }).safeParse(value)
  return error.success
    ? `bpftool failed: ${error.data.error}`
    : 'one object is no listing: `bpftool -j prog show` without an id lists them all'
}

/** Which command prints such an entry. Program and link entries both have an id and a type. */
function nounOf(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null) return null
  if ('fd_type' in entry) return 'perf'
  if ('prog_id' in entry && 'id' in entry) return 'link'
  if ('id' in entry && ('tag' in entry || 'bytes_xlated' in entry)) return 'prog'
  return 'id' in entry && ('bytes_key' in entry || 'bytes_value' in entry) ? 'map' : null
}

const word = z.union([z.string(), z.int()], { error: 'neither a word nor a number' }).transform(String)

const program = z
  .object({ id: z.int(), type: word.nullish(), name: z.string().nullish(), run_cnt: wholeNumber.nullish() })
  .transform(
    (entry): BpfProgram => ({
      id: entry.id,
      name: entry.name ?? '',
      type: entry.type ?? null,
      runCnt: entry.run_cnt ?? null
    })
  )

const place = { func: z.string().nullish(), offset: wholeNumber.nullish(), addr: address.nullish() }

const link = z
  .object({
    id: z.int(),
    type: word,
    prog_id: z.int(),
    attach_type: word.nullish(),
    retprobe: z.boolean().nullish(),
    file: z.string().nullish(),
    tracepoint: z.string().nullish(),
    funcs: z
      .array(z.object({ func: z.string(), module: z.string().nullish(), addr: address.nullish() }))
      .nullish(),
    ...place
  })
  .transform((entry): BpfLink[] => {
    const common = { id: entry.id, programId: entry.prog_id, attachKind: attachKindOf(entry) }
    const one = { ...common, symbol: symbolAt(entry.func, entry.offset), address: entry.addr ?? null }
    if (!entry.funcs?.length) return [one]
    return entry.funcs.map(({ func, module, addr }) => ({
      ...common,
      symbol: module ? `${module}:${func}` : func,
      address: addr ?? null
    }))
  })

/** What libbpf calls the attach types of tracing links, before 1.0 and since. */
const tracingKinds: ReadonlyMap<string, string> = new Map([
  ['fentry', 'fentry'],
  ['trace_fentry', 'fentry'],
  ['fexit', 'fexit'],
  ['trace_fexit', 'fexit'],
  ['mod_ret', 'fmod_ret'],
  ['modify_return', 'fmod_ret']
])

interface LinkKind {
  readonly type: string
  readonly attach_type?: string | null | undefined
  readonly retprobe?: boolean | null | undefined
  readonly file?: string | null | undefined
  readonly tracepoint?: string | null | undefined
}

/** As precise as the entry is: bpftool before 6.6 says only `perf_event`, before 5.12 only `tracing`. */
function attachKindOf(entry: LinkKind): string {
  const returns = entry.retprobe ? 'ret' : ''
  if (entry.type === 'tracing')
    return tracingKinds.get(entry.attach_type ?? '') ?? entry.attach_type ?? entry.type
  if (entry.type === 'kprobe_multi') return `k${returns}probe_multi`
  if (entry.type !== 'perf_event') return entry.type
  if (entry.tracepoint) return 'tracepoint'
  if (typeof entry.retprobe !== 'boolean') return entry.type
  return entry.file ? `u${returns}probe` : `k${returns}probe`
}

const perfAttachment = z.object({ prog_id: z.int(), fd_type: z.string().nullish(), ...place }).transform(
  (entry): BpfLink => ({
    id: null,
    programId: entry.prog_id,
    attachKind: entry.fd_type ?? null,
    symbol: symbolAt(entry.func, entry.offset),
    address: entry.addr ?? null
  })
)

/** By the command's noun: how its array becomes a part of a snapshot. */
const lists = new Map<string, (entries: unknown) => Attempt<Listing>>([
  [
    'prog',
    (entries: unknown) =>
      checked(
        z.array(program).transform((programs) => ({ programs })),
        entries
      )
  ],
  [
    'link',
    (entries: unknown) =>
      checked(
        z.array(link).transform((links) => ({ links: links.flat() })),
        entries
      )
  ],
  [
    'perf',
    (entries: unknown) =>
      checked(
        z.array(perfAttachment).transform((links) => ({ links })),
        entries
      )
  ]
])
