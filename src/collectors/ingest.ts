import type { EventLog, NewEvent, Policy, RejectedEvidence } from '../events/index.ts'
import { eventId } from './interpret/event-id.ts'
import { noteIntent } from './interpret/host-evidence.ts'
import { Interpreter } from './interpret/interpreter.ts'
import { type Item, Knowledge } from './interpret/knowledge.ts'
import { itemOf } from './item-of.ts'
import { type Merged, mergeSources } from './merge.ts'
import { MissingEvidence } from './missing-evidence.ts'
import type { Observation, Reading } from './observation.ts'
import type { FormattedSource } from './read-source.ts'
import { type SourcePage, streamSource, type ToUptime } from './stream-source.ts'
import { recognisedPolicy, type Survey } from './survey.ts'

/** What is ingested: the sources of one boot. */
export interface IngestJob {
  readonly stream: string
  /** Only lines of this boot, where lines tell theirs. */
  readonly boot: string | null
  readonly sources: readonly FormattedSource[]
  readonly found: Survey
  /** Null: as recognised. */
  readonly policy: Policy | null
  readonly bootTimeNs: bigint | null
  readonly onBytes?: (bytes: number) => void
  /** Asked between batches; true ends the ingest after what is already stored. */
  readonly isStopped?: () => boolean
}

/** Every line is in exactly one of the line counts. */
export interface IngestSummary {
  readonly stream: string
  lines: number
  /** Lines that proved an event, or helped to understand others. */
  usedLines: number
  /** Lines about other things. */
  unrelatedLines: number
  /** Lines that repeat what a better source tells. */
  confirmingLines: number
  rejectedLines: number
  appended: number
  alreadyKnown: number
  policy: Policy | null
  policyFrom: string
}

const batchEventsMax = 1000

/** Where an ingest puts what it found: a log, or the way to one. */
export type Sink = Pick<EventLog, 'append' | 'reject'>

/** Reads the sources of one boot, merges them in time, says what they mean, and appends it to the log. */
export async function ingest(log: Sink, job: IngestJob): Promise<IngestSummary> {
  return new Ingest(log, job).run()
}

class Ingest {
  readonly #log: Sink
  readonly #job: IngestJob
  readonly #summary: IngestSummary
  readonly #interpreter: Interpreter
  readonly #knowledge = new Knowledge()
  #events: NewEvent[] = []
  #rejected: RejectedEvidence[] = []
  /** Timeless snapshots: they show how things stand after all that has a time. */
  readonly #afterAll: { reading: Reading; source: FormattedSource }[] = []
  #lastNs = 0n
  readonly #missing: MissingEvidence
  /** A loss was told, and no snapshot since. */
  #isDoubted = false

  constructor(log: Sink, job: IngestJob) {
    this.#log = log
    this.#job = job
    const recognised = recognisedPolicy(job.found)
    const policy = job.policy ?? recognised.policy
    const policyFrom = job.policy === null ? recognised.from : 'given'
    this.#summary = { ...noLines, stream: job.stream, policy, policyFrom }
    this.#knowledge.policy = policy
    for (const [name, patch] of job.found.manifests) this.#knowledge.manifests.set(name, patch)
    this.#knowledge.commands = job.found.commands
    this.#knowledge.tracedFunctions = new Set([...job.found.traced.values()].flatMap((one) => [...one]))
    for (const { command, commandLine } of job.found.commands) {
      noteIntent(this.#knowledge, command)
      noteIntent(this.#knowledge, commandLine)
    }
    this.#missing = MissingEvidence.found(job, this.#toUptime())
    this.#interpreter = new Interpreter(this.#knowledge, job.stream, job.bootTimeNs)
    this.#events.push(this.#booted())
  }

  async run(): Promise<IngestSummary> {
    const { sources, found, boot, onBytes } = this.#job
    const pages = sources.map((source) => ({
      source,
      pages: streamSource(source, this.#toUptime(), boot, onBytes)
    }))
    const onPage = (page: SourcePage, source: FormattedSource) => this.#page(page, source)
    for await (const merged of mergeSources(pages, found, onPage)) {
      for (const one of merged) this.#feed(one)
      if (this.#events.length >= batchEventsMax) await this.#flush(false)
      if (this.#job.isStopped?.()) break
    }
    if (!this.#job.isStopped?.()) this.#feedAfterAll()
    await this.#flush(true)
    return this.#summary
  }

  /** Clocks differ; the stream's is time since boot. */
  #toUptime(): ToUptime {
    const { bootTimeNs, found } = this.#job
    return (reading) => {
      if (reading.clock === 'monotonic') return reading.timeNs
      if (reading.clock === 'printk') {
        const uptimeNs = reading.timeNs + found.printkOffsetNs
        return uptimeNs < 0n ? 0n : uptimeNs
      }
      if (bootTimeNs === null)
        return 'it has the wall clock only, and nothing tells when the host booted; see --boot-time'
      const uptimeNs = reading.timeNs - bootTimeNs
      return uptimeNs < 0n ? 'the wall time lies before the boot time; see --boot-time' : uptimeNs
    }
  }

  async #page(page: SourcePage, source: FormattedSource): Promise<void> {
    this.#summary.lines += page.lines
    this.#summary.unrelatedLines += page.unrelatedLines
    for (const reading of page.timeless) {
      this.#summary.usedLines += reading.lines
      this.#afterAll.push({ reading, source })
    }
    for (const { reading, reason } of page.refused) {
      this.#summary.rejectedLines += reading.lines
      this.#rejected.push({
        stream: this.#job.stream,
        source: source.source.name,
        line: reading.line,
        reason,
        raw: reading.raw,
        ...(reading.latin1 === true ? { latin1: true } : {})
      })
    }
    if (this.#rejected.length >= batchEventsMax) await this.#flushRejected()
  }

  #feed({ timed, source, confirms }: Merged): void {
    const { reading, uptimeNs } = timed
    this.#lastNs = uptimeNs
    if (confirms) {
      this.#summary.confirmingLines += reading.lines
      return
    }
    this.#summary.usedLines += reading.lines
    for (const missing of this.#missing.begunBefore(uptimeNs)) this.#lost(missing, missing.item)
    const item = itemOf(reading, uptimeNs, source)
    const [seen] = reading.observations
    if (seen?.kind === 'lost') this.#lossSeen(seen, item, reading.lines)
    else this.#interpret(reading, item)
    if (seen?.kind === 'snapshot') this.#snapshotSeen(seen.fromNs, item)
  }

  /** A line that tells of a loss, or that is one because nothing can be made of it. */
  #lossSeen(seen: Extract<Observation, { kind: 'lost' }>, item: Item, lines: number): void {
    if (this.#missing.knows(item)) return
    const { untilNs = item.uptimeNs } = seen
    const missing = { ...seen, fromNs: item.uptimeNs, toNs: untilNs, item }
    this.#missing.begins(missing)
    // Once is enough for lines that could not be used, until a snapshot has shown how things stand.
    if (lines > 0 || !this.#isDoubted) this.#lost(missing, item)
  }

  /** What is missing while a snapshot is read, or lasts, is in doubt again right behind it. */
  #snapshotSeen(fromNs: bigint, item: Item): void {
    this.#isDoubted = false
    const missing = this.#missing.since(fromNs)
    if (missing !== null) this.#lost(missing, { ...missing.item, uptimeNs: item.uptimeNs, ownNs: item.ownNs })
  }

  #lost({ count, reason }: { count: number | null; reason: string }, item: Item): void {
    this.#isDoubted = true
    for (const event of this.#interpreter.feed({ kind: 'lost', count, reason }, item))
      this.#events.push(event)
  }

  #interpret(reading: Extract<Reading, { outcome: 'observed' | 'timeless' }>, item: Item): void {
    for (const seen of reading.observations) {
      for (const event of this.#interpreter.feed(seen, item)) this.#events.push(event)
    }
  }

  #feedAfterAll(): void {
    for (const { reading, source } of this.#afterAll) {
      if (reading.outcome !== 'timeless') continue
      const telling = reading.observations.filter((seen) => seen.kind === 'snapshot' || seen.kind === 'lost')
      if (telling.length === 0) continue
      this.#lastNs += 1n
      const observations = telling.map((seen) =>
        seen.kind === 'snapshot' ? { ...seen, fromNs: this.#lastNs } : seen
      )
      this.#interpret({ ...reading, observations }, itemOf(reading, this.#lastNs, source))
    }
  }

  async #flush(all: boolean): Promise<void> {
    await this.#flushRejected()
    for (let at = 0; at < this.#events.length; at += batchEventsMax) {
      if (!all && this.#events.length - at < batchEventsMax) {
        this.#events = this.#events.slice(at)
        return
      }
      const batch = this.#events.slice(at, at + batchEventsMax)
      const { appended, skipped } = await this.#log.append(this.#job.stream, 'any', batch)
      this.#summary.appended += appended
      this.#summary.alreadyKnown += skipped
    }
    this.#events = []
  }

  async #flushRejected(): Promise<void> {
    if (this.#rejected.length > 0) await this.#log.reject(this.#rejected)
    this.#rejected = []
  }

  /** The stream's first event. It is told anew at each ingest, and known after the first. */
  #booted(): NewEvent {
    const { stream, bootTimeNs, found, sources } = this.#job
    const { policy, policyFrom } = this.#summary
    return {
      type: 'host.booted',
      data: {
        release: found.release,
        policy,
        policyFrom,
        hasStackOrder: found.sawStackOrder ? true : found.sawSysfs ? false : null,
        kprobeTracer: found.kprobeTracer
      },
      id: eventId(stream, 'host.booted', 0, 0n, ''),
      uptimeNs: 0n,
      wallNs: bootTimeNs,
      evidence: { source: sources[0]?.source.name ?? '-', line: 0, raw: policyFrom, inferred: true }
    }
  }
}

const noLines = {
  lines: 0,
  usedLines: 0,
  unrelatedLines: 0,
  confirmingLines: 0,
  rejectedLines: 0,
  appended: 0,
  alreadyKnown: 0
}
