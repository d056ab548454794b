import { z } from 'zod'
import { allows } from '../access/tokens.ts'
import { ns } from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { jobStates } from '../jobs/job.ts'
import { type JobKind, type JobKindName, jobKindNames, jobKinds } from '../jobs/job-kinds.ts'
import { eventStream, heartbeat, heartbeatMs, sseMessage } from '../live/sse.ts'
import { HttpProblem } from '../problem.ts'

const jobSchema = z
  .strictObject({
    id: z.string(),
    kind: z.enum(jobKindNames),
    state: z.enum(jobStates),
    askedNs: ns,
    endedNs: ns.nullable(),
    progress: z.strictObject({ done: z.int(), total: z.int() }).nullable(),
    result: z
      .union([...Object.values(jobKinds).map(({ result }) => result), z.null()])
      .meta({ description: 'What the command of that name answers; null until the job is done.' }),
    failure: z.strictObject({ message: z.string(), hint: z.string().nullable() }).nullable()
  })
  .meta({ id: 'Job' })

const job = z.strictObject({ id: z.string().max(100).meta({ description: 'Its id.' }) })

const order = z.discriminatedUnion(
  'kind',
  Object.entries(jobKinds).map(([kind, { parameters, description }]: [string, JobKind]) =>
    parameters.extend({ kind: z.literal(kind) }).meta({ description })
  ) as unknown as [z.ZodObject<{ kind: z.ZodLiteral<JobKindName> }>]
)

/** Long work begins. */
export const startJob = defineEndpoint({
  method: 'post',
  path: '/v1/jobs',
  role: 'read',
  tag: 'Jobs',
  summary: 'Start long work; it runs beside the service',
  description: `${Object.entries(jobKinds)
    .map(([kind, one]) => `\`${kind}\`: ${one.description} Needs a token for \`${one.role}\`.`)
    .join('\n')}`,
  body: order.meta({ id: 'JobOrder' }),
  answer: jobSchema,
  status: 202,
  run: async ({ jobs }, { body, client, context }) => {
    const { kind, ...parameters } = body
    assertMay(client.role, kind)
    const started = jobs.start(kind, parameters)
    context.header('location', `/v1/jobs/${started.id}`)
    return started
  }
})

/** The jobs that are remembered. */
export const jobList = defineEndpoint({
  method: 'get',
  path: '/v1/jobs',
  role: 'read',
  tag: 'Jobs',
  summary: 'The jobs, the newest first',
  answer: z.array(jobSchema),
  run: async ({ jobs }) => jobs.list()
})

/** One job. */
export const oneJob = defineEndpoint({
  method: 'get',
  path: '/v1/jobs/{id}',
  role: 'read',
  tag: 'Jobs',
  summary: 'How a job stands, and what came of it',
  params: job,
  answer: jobSchema,
  run: async ({ jobs }, { params }) => jobs.find(params.id).view()
})

/** A job is stopped. */
export const cancelJob = defineEndpoint({
  method: 'delete',
  path: '/v1/jobs/{id}',
  role: 'read',
  tag: 'Jobs',
  summary: 'Cancel a job that waits or runs',
  params: job,
  answer: jobSchema,
  run: async ({ jobs }, { params, client }) => {
    const found = jobs.find(params.id)
    assertMay(client.role, found.kind)
    if (found.hasEnded) {
      throw new HttpProblem('job-ended', `the job is ${found.state} already`, {
        hint: 'Only a job that waits or runs can be cancelled.'
      })
    }
    await found.cancel()
    return found.view()
  }
})

/** A job as it goes on. */
export const jobProgress = defineEndpoint({
  method: 'get',
  path: '/v1/jobs/{id}/progress',
  role: 'read',
  tag: 'Jobs',
  summary: 'A job as it goes on, as server-sent events',
  description: 'Each `job` message is the job as it stands; the one in which it has ended is the last.',
  params: job,
  answer: 'text/event-stream',
  run: async ({ jobs, limits, isStopping }, { params, context }) => {
    const found = jobs.find(params.id)
    let told = -1
    let isLast = false
    return eventStream(context, {
      slowMs: limits.slowReaderMs,
      next: async (gone) => {
        if (isLast || isStopping()) return null
        if (found.changed.count === told) await found.changed.after(told, heartbeatMs, gone)
        if (found.changed.count === told) return heartbeat
        told = found.changed.count
        isLast = found.hasEnded
        return new TextEncoder().encode(sseMessage('job', found.view()))
      },
      onEnd: () => {}
    })
  }
})

function assertMay(role: Parameters<typeof allows>[0], kind: JobKindName): void {
  const needed = jobKinds[kind].role
  if (allows(role, needed)) return
  throw new HttpProblem('forbidden', `a token for ${role} does not allow ${kind}, which needs ${needed}`, {
    hint: `Use a token for ${needed}.`
  })
}
