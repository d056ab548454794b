import { fromEventPattern, lastValueFrom, takeUntil, tap } from 'rxjs'
import type { SqliteLog, StoredEvent, StreamInfo } from '../events/index.ts'
import type { ModuleSpec } from '../kernel/index.ts'
import { bootTimeOf, emptyState, fold, seconds } from '../projections/index.ts'
import {
  applicablePlaces,
  type Course,
  type Finding,
  type Invariant,
  invariantsFor,
  operationName,
  type PlacedFault,
  type ReplayReport,
  type ReplayRequest,
  recordedCourse,
  recordedFindings,
  reportFinding,
  rulesOf,
  runCourse,
  Sweep,
  stateDifferences,
  stateDigest,
  sweepPages
} from '../replay/index.ts'
import type { App } from './app.ts'
import { UsageError } from './errors.ts'
import { placeProgress } from './progress.ts'
import { evidenceFaultsIn, sweepEvidence } from './replay-evidence.ts'
import { type AskedFault, askedFaults, placed } from './replay-faults.ts'
import { version } from './version.ts'

/** So many places are told where a fault would apply. */
const placesTold = 8

/** What a replay reads. */
export interface ReplaySubject {
  readonly log: SqliteLog
  readonly stream: StreamInfo
  readonly manifest: ReadonlyMap<string, ModuleSpec>
}

/** Does what the request asks for; Ctrl-C ends it with what was found so far. */
export async function runReplay(
  app: App,
  subject: ReplaySubject,
  request: ReplayRequest
): Promise<ReplayReport> {
  const history = await historyOf(subject, request.to)
  const recorded = history.find((event) => event.type === 'host.booted')?.data.policy ?? request.policy
  const told = recordedCourse(history, rulesOf[recorded], subject.manifest)
  const course = { ...told, world: { ...told.world, rules: rulesOf[request.policy] } }
  const invariants = invariantsFor(request.policy)
  const end = runCourse(course, invariants)
  const fromNs = history.find(({ position }) => position >= request.from)?.uptimeNs ?? 0n
  const kernelFaultNames = request.faults.filter((name) => evidenceFaultsIn([name]).length === 0)
  const evidence =
    kernelFaultNames.length === request.faults.length
      ? { findings: [], complete: true }
      : await sweepEvidence(app, subject.stream, history, request)
  const kernel = { ...request, faults: kernelFaultNames }
  const swept =
    request.faults.length === 0
      ? { findings: recordedFindings(course, invariants), injections: 0, complete: true }
      : kernelFaultNames.length === 0
        ? { findings: [], injections: 0, complete: true }
        : await sweepAll(app, subject, kernel, { course, history, fromNs, invariants })
  return {
    klplog: version(),
    head: await headOf(subject.log),
    request,
    operations: course.operations.length,
    injections: swept.injections,
    complete: swept.complete && evidence.complete,
    evidence: evidence.findings,
    digest: stateDigest(end.state),
    differences: stateDifferences(fold(emptyState(), history), end.state),
    findings: swept.findings
      .filter(({ faults, violation }) => faults.length > 0 || violation.fromNs >= fromNs)
      .map((finding) => reportFinding(course, finding, invariants, evidenceAt(history, course, finding)))
  }
}

interface Swept {
  readonly findings: readonly Finding[]
  readonly injections: number
  readonly complete: boolean
}

async function sweepAll(
  app: App,
  { log, stream }: ReplaySubject,
  request: ReplayRequest,
  run: {
    readonly course: Course
    readonly history: readonly StoredEvent[]
    readonly fromNs: bigint
    readonly invariants: readonly Invariant[]
  }
): Promise<Swept> {
  const places = { ...run, context: app.asker, bootNs: await bootTimeOf(log, stream) }
  const asked = askedFaults(request.faults, undefined)
  const faults = asked.map((one) => placed(one, places))
  for (const one of asked)
    if (one.where !== null) assertApplies(one, placed(one, places), run.course, request)
  const { seed, runs, depth, ahead } = request
  const random = seed === null || runs === null ? null : { seed, runs }
  const { course, invariants } = run
  const sweep = new Sweep({ course, invariants, faults, depth, ahead, random })
  const complete = await untilInterrupted(app, sweep)
  const { injections } = sweep.progress
  const [first] = asked
  if (injections === 0 && complete && first !== undefined) {
    assertApplies(first, placed(first, places), run.course, request)
  }
  return { findings: sweep.findings, injections, complete }
}

/** Whether it came to its end. */
async function untilInterrupted(app: App, sweep: Sweep): Promise<boolean> {
  const progress = placeProgress(app.io, sweep.progress.placesTotal)
  const interrupt = fromEventPattern<void>(
    (listener) => app.io.onInterrupt(() => listener()),
    (_listener, stopListening: () => void) => stopListening()
  )
  let complete = true
  await lastValueFrom(
    sweepPages(sweep).pipe(
      takeUntil(
        interrupt.pipe(
          tap(() => {
            complete = false
          })
        )
      ),
      tap((page) => progress.reach(page))
    ),
    { defaultValue: null }
  )
  progress.stop()
  return complete
}

/** Who says where wants to see it happen there; of a whole family many faults apply nowhere. */
function assertApplies(
  { text, fault, where }: AskedFault,
  { isAt }: PlacedFault,
  course: Course,
  { ahead }: ReplayRequest
): void {
  const places = applicablePlaces(course, fault, ahead)
  if (places.some(isAt)) return
  const at = where === null && places.length === 0 ? 'anywhere in this history' : 'there'
  const some = places.slice(0, placesTold).map((place) => {
    const next = course.operations[place]
    return next === undefined ? '' : `  +${seconds(next.uptimeNs)}  before ${operationName(next.operation)}`
  })
  const more = places.length > placesTold ? [`  and at ${places.length - placesTold} more`] : []
  const hint =
    places.length === 0
      ? 'It needs what it is about: a transition, an attach, a free work, the policy.'
      : ['It applies at', ...some, ...more].join('\n')
  throw new UsageError(`${text} does not apply ${at}: ${fault.says}`, hint)
}

async function historyOf({ log, stream }: ReplaySubject, upTo: number): Promise<StoredEvent[]> {
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream: stream.stream, upTo })) history.push(...page)
  return history
}

/** The recorded event before which a finding's first fault happened, or the one at which it broke by itself. */
function evidenceAt(history: readonly StoredEvent[], { operations }: Course, { faults, violation }: Finding) {
  const place = faults[0]?.place
  const ns = place === undefined ? violation.fromNs : (operations[place]?.uptimeNs ?? violation.fromNs)
  const event = history.findLast(({ uptimeNs }) => uptimeNs <= ns) ?? history[0]
  if (event === undefined) return null
  return { position: event.position, source: event.evidence.source, line: event.evidence.line }
}

/** The digest of the log's last commit. */
async function headOf(log: SqliteLog): Promise<string> {
  let head = ''
  for (let after = 0; ; ) {
    const last = (await log.commits(after, 1000)).at(-1)
    if (last === undefined) return head
    head = last.digest
    after = last.number
  }
}
