import type { Unmet } from './cross-check.ts'
import type { Item } from './interpret/knowledge.ts'
import { itemOf } from './item-of.ts'
import type { FormattedSource } from './read-source.ts'
import type { ToUptime } from './stream-source.ts'
import type { Survey } from './survey.ts'

/** A time for which evidence is missing, and the line that tells so. */
export interface Missing {
  /** Everything older is there. */
  readonly fromNs: bigint
  /** Everything younger is there again; null: nobody knows. */
  readonly toNs: bigint | null
  readonly count: number | null
  readonly reason: string
  readonly item: Item
}

/**
 * Knows for which times evidence is missing. A tool tells of a loss where it ends, but the answers are unsure from
 * where it began; and while it lasts, a snapshot says how things stand at its own moment only.
 */
export class MissingEvidence {
  readonly #ahead: Missing[]
  readonly #begun: Missing[] = []
  readonly #known: ReadonlySet<string>

  private constructor(known: readonly Missing[], explained: readonly Item[]) {
    this.#ahead = known.toSorted((a, b) => (a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0))
    this.#known = new Set([...known.map(({ item }) => item), ...explained].map(keyOf))
  }

  /** What the first look found to be missing in the sources that the history is told from. */
  static found(
    { found, sources }: { readonly found: Survey; readonly sources: readonly FormattedSource[] },
    toUptime: ToUptime
  ): MissingEvidence {
    const [best] = found.tellers
    const step = stepMissing(found, sources)
    const missing = [
      ...(step === null ? [] : [step]),
      ...found.unmet.flatMap((one) => unmetMissing(one, toUptime))
    ]
    const explained: Item[] = []
    for (const { source, reading, lost } of found.losses) {
      if (source.format.name !== 'ftrace' && source !== best) continue
      // Where a trace ends too early the kernel log goes on, at times that are none while its clock is not known.
      const isTimed = lost.untilNs !== null || found.clocksMatch
      const fromNs = isTimed ? toUptime({ ...reading, timeNs: lost.fromNs ?? reading.timeNs }) : 0n
      const toNs = toUptime(reading)
      if (typeof fromNs === 'string' || typeof toNs === 'string') continue
      const { count, reason } = lost
      const item = { ...itemOf(reading, fromNs, source), ownNs: lost.fromNs ?? reading.timeNs }
      // A header that counts too many stands in the first file of a trace that was split: here are the others.
      if (reading.lines === 0 && (count ?? 0) <= found.uncountedRecords) explained.push(item)
      else missing.push({ fromNs, toNs: lost.untilNs === null ? null : toNs, count, reason, item })
    }
    return new MissingEvidence(missing, explained)
  }

  /** Whether the loss that this line tells of is known: told where it begins, or none. */
  knows(item: Item): boolean {
    return this.#known.has(keyOf(item))
  }

  /** What begins to be missing before this time and has not been told. */
  begunBefore(uptimeNs: bigint): Missing[] {
    let count = 0
    while ((this.#ahead[count]?.fromNs ?? uptimeNs) < uptimeNs) count += 1
    const begun = this.#ahead.splice(0, count)
    this.#begun.push(...begun)
    return begun
  }

  /** What turned out to be missing while the source was read. */
  begins(missing: Missing): void {
    this.#begun.push(missing)
  }

  /** What has been missing at some time since this one, or still is; null: nothing that is known of. */
  since(uptimeNs: bigint): Missing | null {
    return this.#begun.find(({ toNs }) => toNs === null || toNs >= uptimeNs) ?? null
  }
}

function keyOf({ source, line }: Item): string {
  return `${source} ${line}`
}

/** What another source saw and the trace did not. */
function unmetMissing({ fromNs, toNs, by }: Unmet, toUptime: ToUptime): Missing[] {
  const { reading, source } = by
  const uptimeNs = toUptime(reading)
  if (typeof uptimeNs === 'string') return []
  const reason = `the trace has no record of what ${source.source.name}:${reading.line} tells`
  return [
    { fromNs, toNs, count: null, reason, item: { ...itemOf(reading, fromNs, source), ownNs: reading.timeNs } }
  ]
}

/** The trace's clock was set while it was written, or the other one: nothing tells which, and what is when. */
function stepMissing({ clockStep }: Survey, sources: readonly FormattedSource[]): Missing | null {
  const source = sources.find((one) => one.source.name === clockStep?.source)
  if (clockStep === null || source === undefined) return null
  const { fromNs, line, raw, byNs, other } = clockStep
  const item = {
    uptimeNs: fromNs,
    ownNs: fromNs,
    source: source.source.name,
    format: source.format.name,
    line,
    raw,
    latin1: false
  }
  const reason = `the clocks of the trace and of ${other} part by ${byNs} ns`
  return { fromNs, toNs: null, count: null, reason, item }
}
