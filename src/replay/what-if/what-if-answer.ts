import type { Fact, Policy, ReadModelSource, StoredEvent } from '../../events/index.ts'
import type { ModuleSpec } from '../../kernel/index.ts'
import {
  type Asker,
  eventSentence,
  type GapRow,
  gapRow,
  gapsOf,
  type MemoryHistory,
  memoryHistory,
  QuestionError,
  stateAt,
  unsureOf
} from '../../projections/index.ts'
import { rulesOf } from '../scenario/run-scenario.ts'
import { isAsked, operationText } from './operation-text.ts'
import type { AddedModule } from './other-world.ts'
import { recordedModules } from './recorded-modules.ts'
import { type WhatIf, type WhatIfStep, whatIf } from './what-if.ts'

/** What is to be otherwise. */
export interface WhatIfAsked {
  /** The policy of the other kernel; as recorded where it is not given. */
  readonly policy?: Policy | undefined
  readonly added: readonly AddedModule[]
  readonly without: readonly string[]
  /** What the recorded modules are, where the log does not tell. */
  readonly manifest: ReadonlyMap<string, ModuleSpec>
  /** The gaps for this task's calls; null for everybody's. */
  readonly task: number | null
}

/** What `klplog what-if -o json` prints. */
export interface WhatIfAnswer {
  readonly stream: string
  readonly recordedPolicy: Policy
  readonly policy: Policy
  readonly with: readonly string[]
  readonly without: readonly string[]
  readonly same: boolean
  readonly gaps: { readonly recorded: readonly GapRow[]; readonly whatIf: readonly GapRow[] }
  readonly steps: readonly WhatIfStepRow[]
  readonly assumed: readonly string[]
  readonly unsure: string | null
}

export type WhatIfStepRow = ReturnType<typeof stepRow>

type Stream = { readonly stream: string; readonly lastPosition: number }

/** The other history, and what it was made of. */
interface Run {
  readonly recordedPolicy: Policy
  readonly policy: Policy
  readonly result: WhatIf
  readonly unsure: readonly string[]
}

/**
 * A stream's history beside the one that it would have been.
 * @throws QuestionError when nothing tells the recorded policy, nothing is to be otherwise, or it is about modules
 * that the recording does not load
 */
export async function whatIfAnswer(
  asker: Pick<Asker, 'option'>,
  log: ReadModelSource,
  stream: Stream,
  asked: WhatIfAsked
): Promise<WhatIfAnswer> {
  const { recordedPolicy, policy, result, unsure } = await run(asker, log, stream, asked)
  const other = otherHistory(stream.stream, result)
  const gaps = async (source: ReadModelSource) =>
    (await gapsOf(source, stream.stream, asked.task)).map(gapRow)
  return {
    stream: stream.stream,
    recordedPolicy,
    policy,
    with: asked.added.map(({ spec }) => spec.name),
    without: asked.without,
    same: result.same,
    gaps: { recorded: await gaps(log), whatIf: await gaps(other.log) },
    steps: result.steps.filter(isShown).map(stepRow),
    assumed: result.assumed,
    unsure: unsure.length === 0 ? null : unsure.join('; ')
  }
}

/**
 * The history that a stream would have had, to be asked as the recorded one is.
 * @throws QuestionError as `whatIfAnswer`
 */
export async function whatIfHistory(
  asker: Pick<Asker, 'option'>,
  log: ReadModelSource,
  stream: Stream,
  asked: WhatIfAsked
): Promise<MemoryHistory> {
  return otherHistory(stream.stream, (await run(asker, log, stream, asked)).result)
}

function otherHistory(stream: string, { facts }: WhatIf): MemoryHistory {
  return memoryHistory(stream, facts, 'the kernel model')
}

async function run(
  asker: Pick<Asker, 'option'>,
  log: ReadModelSource,
  { stream, lastPosition }: Stream,
  asked: WhatIfAsked
): Promise<Run> {
  const last = await stateAt(log, stream, lastPosition)
  const { policy: recordedPolicy } = last
  const doubt = unsureOf(last, 'patches', 'hooks')
  if (recordedPolicy === null) {
    throw new QuestionError(
      `${stream}: nothing tells the policy of the kernel that was recorded`,
      `Ingest it with a snapshot of sysfs, or with ${asker.option('policy')}.`
    )
  }
  const { added, without, manifest } = asked
  if (asked.policy === undefined && added.length === 0 && without.length === 0) {
    const options = ['policy', 'with', 'without'].map((name) => asker.option(name))
    throw new QuestionError('nothing is to be otherwise', `Give ${options.join(', ')}.`)
  }
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream, upTo: lastPosition })) history.push(...page)
  const recorded = recordedModules(history, rulesOf[recordedPolicy], manifest)
  assertLoaded(asker, history, asked, stream)
  const policy = asked.policy ?? recordedPolicy
  const result = whatIf(history, recorded, { rules: rulesOf[policy], added, without })
  const unsure = [
    ...(doubt === null ? lostEvidence(history) : [doubt]),
    ...recorded.unknown.map((name) => `nothing tells what ${name} changes (a manifest could)`),
    ...unexplained(result)
  ]
  return { recordedPolicy, policy, result, unsure }
}

function unexplained({ unexplained: count }: WhatIf): string[] {
  if (count === 0) return []
  return [`the model does not explain ${count} of the recorded operations (klplog conform tells which)`]
}

function lostEvidence(history: readonly StoredEvent[]): string[] {
  const lost = history.find((event) => event.type === 'evidence.lost')
  return lost?.type === 'evidence.lost' ? [`evidence was lost: ${lost.data.reason}`] : []
}

/** What is to be left out, or to be loaded before something, has to be about what the recording loads. */
function assertLoaded(
  asker: Pick<Asker, 'option'>,
  history: readonly StoredEvent[],
  { added, without }: WhatIfAsked,
  stream: string
): void {
  const loaded = new Set(
    history.flatMap((event) => (event.type === 'module.loaded' ? [event.data.module] : []))
  )
  const list = loaded.size === 0 ? 'It loads none.' : `It loads: ${[...loaded].join(', ')}.`
  for (const name of without) {
    if (loaded.has(name)) continue
    throw new QuestionError(`${asker.option('without')} ${name}: ${stream} does not load it`, list)
  }
  for (const { spec, loadedBefore } of added) {
    if (loadedBefore === null || loaded.has(loadedBefore)) continue
    throw new QuestionError(
      `${spec.name} is to be loaded before ${loadedBefore}, which ${stream} does not load`,
      list
    )
  }
}

/** What users asked for, and of the kernel's own works those that come to something else for livepatch. */
function isShown({ operation, parts }: WhatIfStep): boolean {
  if (isAsked(operation)) return true
  return parts !== null && [parts.recorded, parts.other].some((fact) => fact !== null && !isOfTasks(fact))
}

function isOfTasks({ type }: Fact): boolean {
  return type.startsWith('task.') || type === 'transition.tried'
}

/** A step as JSON has it. */
function stepRow({ uptimeNs, operation, recorded, other, movedTo, parts }: WhatIfStep) {
  const sentence = (fact: Fact | null | undefined) => (fact == null ? null : eventSentence(fact))
  return {
    uptimeNs: String(uptimeNs),
    operation: operationText(operation),
    recorded: recorded === null ? null : { errno: recorded.errno, parts: sentence(parts?.recorded) },
    whatIf: other === null ? null : { errno: other.errno, parts: sentence(parts?.other) },
    movedTo,
    differs: parts !== null
  }
}
