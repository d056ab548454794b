import { type IngestJob, recognisedBootTime, survey } from '../collectors/index.ts'
import type { Policy } from '../events/index.ts'
import { UsageError } from './errors.ts'
import type { Evidence } from './evidence.ts'

/** What the user says about the streams, where the evidence does not. */
export interface StreamNaming {
  readonly host?: string
  readonly boot?: string
  readonly bootTimeNs: bigint | null
  readonly policy: Policy | null
}

/** A job with the evidence that it is about. */
export interface PlannedIngest {
  readonly job: IngestJob
  readonly evidence: Evidence
}

/**
 * Names the stream of each piece of evidence; a journal of several boots becomes one for each.
 * @throws UsageError when two would be the same stream, or when nothing says which boot a file is of
 */
export async function planIngest(
  all: readonly Evidence[],
  naming: StreamNaming
): Promise<readonly PlannedIngest[]> {
  const planned: PlannedIngest[] = []
  for (const evidence of all) {
    for (const job of await jobsOf(evidence, naming)) {
      const other = planned.find((one) => one.job.stream === job.stream)
      if (other !== undefined) throw sameStream(job.stream, other.evidence, evidence)
      planned.push({ job, evidence })
    }
  }
  return planned
}

async function jobsOf(evidence: Evidence, naming: StreamNaming): Promise<IngestJob[]> {
  const { sources } = evidence
  const whole = await survey(sources)
  const boots = [...whole.boots]
  const host = naming.host ?? whole.host ?? evidence.name
  const job = (name: string, boot: string | null, found: typeof whole): IngestJob => ({
    stream: `${host}/${name}`,
    boot,
    sources,
    found,
    policy: naming.policy,
    bootTimeNs: naming.bootTimeNs ?? recognisedBootTime(found)
  })
  if (boots.length < 2) return [job(naming.boot ?? boots[0] ?? '0', null, whole)]
  const jobs: IngestJob[] = []
  for (const boot of chosenBoots(evidence, boots, naming)) {
    jobs.push(job(boot, boot, await survey(sources, boot)))
  }
  return jobs
}

/** Kinds of evidence whose lines tell their boot, or that no boot matters to. */
const bootless = ['journal', 'manifest', 'uname', 'notes']

function chosenBoots(
  { sources }: Evidence,
  boots: readonly string[],
  { boot, bootTimeNs }: StreamNaming
): readonly string[] {
  const list = boots.map((one) => `  ${one}`).join('\n')
  if (boot !== undefined) {
    const chosen = boots.filter((one) => one.startsWith(boot))
    if (chosen.length === 1) return chosen
    throw new UsageError(`--boot ${boot} is not one boot of this evidence`, `It has:\n${list}`)
  }
  const silent = sources.find(({ format }) => !bootless.includes(format.name))
  if (silent !== undefined) {
    throw new UsageError(
      `${silent.source.name} does not tell which of ${boots.length} boots it is of`,
      `Choose one with --boot:\n${list}`
    )
  }
  if (bootTimeNs !== null) {
    throw new UsageError(
      `--boot-time is of one boot, and there are ${boots.length}`,
      `Choose one with --boot:\n${list}`
    )
  }
  return boots
}

function sameStream(stream: string, first: Evidence, second: Evidence): UsageError {
  return new UsageError(
    `${first.label} and ${second.label} would both be ${stream}`,
    'Ingest them one after another, with --host or --boot to tell them apart.'
  )
}
