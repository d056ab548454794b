import { type ClockPair, type ClockStep, firstStep, type Seen } from './clock-step.ts'
import type { Clock, Observation, Reading } from './observation.ts'
import type { FormattedSource } from './read-source.ts'

type Observed = Extract<Reading, { outcome: 'observed' }>

/** How far apart two tools may put the same moment: each reads the clock in its own probe, and may be interrupted. */
const toleranceNs = 50_000_000n

/** How far off a witness's time may usually be. */
const jitterNs = 10_000_000n

/** A clock is not found to be another one by less, twice in a row. */
const stepMinNs = 15_000_000n

/** What another source tells: between these times the trace must have a record of it. */
export interface Witness {
  readonly key: string
  readonly fromNs: bigint
  readonly toNs: bigint
  readonly reading: Observed
  readonly source: FormattedSource
}

/** Evidence that the trace lacks, as another source shows: behind `fromNs`, before `toNs`. */
export interface Unmet {
  readonly fromNs: bigint
  readonly toNs: bigint
  readonly by: Witness
}

/**
 * Holds what traces tell against what other sources tell of the same moments: bpftrace, the kernel log, the journal of
 * commands. What they all see and the trace has no record of was lost from it, whatever the trace itself says.
 */
export class CrossCheck {
  readonly #traced = new Map<string, Seen[]>()
  readonly #timesNs: bigint[] = []
  #isPart = false
  readonly #witnesses: (Witness & { readonly clock: Clock })[] = []

  /** A reading of any source, in the order of its file. */
  saw(reading: Observed, source: FormattedSource): void {
    const isTrace = source.format.name === 'ftrace'
    if (isTrace && reading.lines > 0) this.#timesNs.push(reading.timeNs)
    for (const seen of reading.observations) {
      const { timeNs, clock } = reading
      if (isTrace) {
        const key = tracedKey(seen)
        const { line, raw } = reading
        if (key !== null) listIn(this.#traced, key).push({ timeNs, source: source.source.name, line, raw })
        continue
      }
      const fromNs = seen.kind === 'command' ? seen.fromNs : timeNs
      for (const key of witnessKeys(seen, source.format.name))
        this.#witnesses.push({ key, fromNs, toNs: timeNs, reading, source, clock })
    }
  }

  /** No more of this source is shown. */
  breaksOff({ format }: FormattedSource): void {
    this.#isPart ||= format.name === 'ftrace'
  }

  /** What the trace lacks. `printkOffsetNs`: what makes a time of the kernel log one of the trace; null: nobody knows. */
  unmet(printkOffsetNs: bigint | null): Unmet[] {
    const timesNs = this.#timesNs.toSorted(ascending)
    const firstNs = timesNs[0]
    const lastNs = timesNs.at(-1)
    if (firstNs === undefined || lastNs === undefined) return []
    const kinds = new Set([...this.#traced.keys()].map(kindOf))
    const found = new Map<string, Unmet>()
    for (const [key, witnesses] of this.#byKey(printkOffsetNs)) {
      // A trace tells what its probes are on: of another kind it never has a record.
      const kind = kindOf(key)
      if (!kinds.has(kind) && !kinds.has(sisters[kind] ?? kind)) continue
      const records = (this.#traced.get(key) ?? []).map(({ timeNs }) => timeNs).sort(ascending)
      for (const by of unmatched(witnesses, records)) {
        // The trace may have begun behind it.
        if (by.fromNs < firstNs + jitterNs || (this.#isPart && by.toNs > lastNs)) continue
        const hole = holeAround(by, timesNs)
        found.set(`${hole.fromNs} ${hole.toNs}`, { ...hole, by })
      }
    }
    return [...found.values()]
  }

  /** Where the trace's clock parts from that of the others for good; null where it never does. */
  step(): ClockStep | null {
    const pairs: ClockPair[] = []
    for (const [key, witnesses] of this.#byKey(null)) {
      const records = this.#traced.get(key) ?? []
      // Where one of them lacks some, nothing tells which belong together.
      if (records.length !== witnesses.length) continue
      records.forEach((traced, n) => {
        const witness = witnesses[n]
        if (witness === undefined) return
        pairs.push({ traced, byNs: distance(traced.timeNs, witness), other: witness.source.source.name })
      })
    }
    pairs.sort((a, b) => a.traced.line - b.traced.line)
    return firstStep(pairs, stepMinNs)
  }

  /** Witnesses in the trace's clock, each source's by itself: what two of them tell is no second record. */
  #byKey(printkOffsetNs: bigint | null): [string, Witness[]][] {
    const lists = new Map<string, Witness[]>()
    for (const { clock, ...witness } of this.#witnesses) {
      if (clock === 'realtime' || (clock === 'printk' && printkOffsetNs === null)) continue
      const offsetNs = clock === 'printk' ? (printkOffsetNs ?? 0n) : 0n
      const { fromNs, toNs, source, key } = witness
      listIn(lists, `${source.source.name}\n${key}`).push({
        ...witness,
        fromNs: fromNs + offsetNs,
        toNs: toNs + offsetNs
      })
    }
    return [...lists].map(([name, list]) => [name.slice(name.indexOf('\n') + 1), list])
  }
}

/** Who asks for the one asks for the other too. */
const sisters: Readonly<Record<string, string>> = {
  free: 'load',
  klp_module_going: 'klp_module_coming',
  klp_complete_transition: 'klp_start_transition',
  klp_free_patch_work_fn: 'klp_enable_patch'
}

/** `KIND SUBJECT` of what a trace's record tells; null for what no other source tells. */
function tracedKey(seen: Observation): string | null {
  if (seen.kind === 'module') return `${seen.what} ${seen.module}`
  if (seen.kind !== 'syscall') return commonKey(seen)
  return seen.ret !== null && seen.name.endsWith('init_module') ? `${loadReturn} ` : null
}

/** Of what both may tell in the same words. */
function commonKey(seen: Observation): string | null {
  if (seen.kind === 'probe') return probeKey(seen)
  return seen.kind === 'printk' ? printkKey(seen) : null
}

function witnessKeys(seen: Observation, format: string): string[] {
  if (seen.kind === 'command') return commandKeys(seen)
  const key = seen.kind === 'probe' && format !== 'bpftrace' ? null : commonKey(seen)
  return key === null ? [] : [key]
}

/** What a command asks of the kernel, if its errno shows that it came so far. */
function commandKeys({
  operation,
  target,
  errno,
  command
}: Extract<Observation, { kind: 'command' }>): string[] {
  if (target === null || errno === null || (errno !== 0 && !kernelErrnos.has(errno))) return []
  // modprobe loads nothing that is there already.
  if (operation === 'insmod' && !command.includes('modprobe'))
    return errno === 0 ? [`load ${target}`, `${loadReturn} `] : [`${loadReturn} `]
  if (operation === 'rmmod') return errno === 0 ? [`free ${target}`] : []
  const attribute = operation === 'write' ? /\/livepatch\/[^/]+\/(\w+)$/.exec(target)?.[1] : undefined
  return attribute === undefined ? [] : [`${attribute}_store `]
}

/** ENOEXEC, EAGAIN, EBUSY, EEXIST, ENODEV, EINVAL: with these the kernel refuses, and not whoever opens a file. */
const kernelErrnos: ReadonlySet<number> = new Set([8, 11, 16, 17, 19, 22])

/** The return of finit_module() or init_module(). */
const loadReturn = 'load%return'

/** Arguments are left out: tools name them in their own way. */
function probeKey({ fn, returns }: Extract<Observation, { kind: 'probe' }>): string | null {
  return ofEachTask.has(fn) ? null : `${fn}${returns ? '%return' : ''} `
}

/** Nearly all records of a long trace are of these: they are not held. */
const ofEachTask: ReadonlySet<string> = new Set(['klp_check_and_switch_task', 'klp_update_patch_state'])

function printkKey({ message }: Extract<Observation, { kind: 'printk' }>): string | null {
  return message.startsWith('livepatch: ') ? `log ${message}` : null
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf(' '))
}

/** Witnesses without a record of their own. Both are walked in the order of time, and a record serves one witness. */
function unmatched(witnesses: readonly Witness[], recordsNs: readonly bigint[]): Witness[] {
  const alone: Witness[] = []
  let at = 0
  for (const witness of witnesses.toSorted((a, b) => ascending(a.fromNs, b.fromNs))) {
    while ((recordsNs[at] ?? witness.fromNs) < witness.fromNs - toleranceNs) at += 1
    const recordNs = recordsNs[at]
    if (recordNs !== undefined && recordNs <= witness.toNs + toleranceNs) at += 1
    else alone.push(witness)
  }
  return alone
}

/** From the trace's last record before the witness to its first one behind it, or as long as the witness tells. */
function holeAround({ fromNs, toNs }: Witness, timesNs: readonly bigint[]): { fromNs: bigint; toNs: bigint } {
  const before = timesNs[firstFrom(timesNs, fromNs - jitterNs + 1n) - 1] ?? 0n
  const behind = timesNs[firstFrom(timesNs, toNs + jitterNs)] ?? toNs
  return { fromNs: before, toNs: behind }
}

/** The place of the first time that is not before this one. */
function firstFrom(timesNs: readonly bigint[], ns: bigint): number {
  let low = 0
  let high = timesNs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timesNs[middle] ?? ns) < ns) low = middle + 1
    else high = middle
  }
  return low
}

/** How far the time lies outside of the witness's. */
function distance(timeNs: bigint, { fromNs, toNs }: { fromNs: bigint; toNs: bigint }): bigint {
  if (timeNs < fromNs) return timeNs - fromNs
  return timeNs > toNs ? timeNs - toNs : 0n
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
