import { z } from 'zod'
import {
  fromWire,
  type RejectedEvidence,
  type WireEvent,
  wireEvent,
  wireRejected
} from '../../events/index.ts'
import { digest } from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { defaultLimits } from '../limits.ts'
import { HttpProblem } from '../problem.ts'

/** New events in. */
export const append = defineEndpoint({
  method: 'post',
  path: '/v1/events',
  role: 'append',
  tag: 'The log',
  summary: 'Append events to a stream, all or none',
  description: `Events whose id the log knows are skipped, so the same request can be sent again when its answer was
lost. What was answered is on the disk.`,
  body: z
    .strictObject({
      stream: z.string().min(1).max(500).meta({ description: 'One boot of one host: `<host>/<boot id>`.' }),
      expectedRevision: z
        .union([z.literal('any'), z.literal('no-stream'), z.int().nonnegative()])
        .default('any')
        .meta({ description: "The stream's last revision, `no-stream`, or `any`; else the answer is 409." }),
      events: z.array(wireEvent).min(1).max(defaultLimits.eventsPerAppendMax)
    })
    .meta({ id: 'Append' }),
  answer: z
    .strictObject({
      appended: z.int(),
      skipped: z.int(),
      revision: z.int(),
      position: z.int(),
      digest
    })
    .meta({ id: 'Appended' }),
  run: async ({ log, metrics, isStopping }, { body }) => {
    if (isStopping()) throw new HttpProblem('stopping', 'the service is stopping', { hint: 'Send it again.' })
    const events = (body.events as unknown as WireEvent[]).map(fromWire)
    const result = await log.append(body.stream, body.expectedRevision, events)
    metrics.appended.inc({ result: 'appended' }, result.appended)
    metrics.appended.inc({ result: 'known' }, result.skipped)
    return result
  }
})

/** Evidence that a host's collectors did not understand. */
export const reject = defineEndpoint({
  method: 'post',
  path: '/v1/rejected',
  role: 'append',
  tag: 'The log',
  summary: 'Keep evidence that no reader understood',
  description: 'The same line of the same source is kept once.',
  body: z
    .strictObject({ evidence: z.array(wireRejected).min(1).max(defaultLimits.eventsPerAppendMax) })
    .meta({ id: 'Reject' }),
  answer: z.strictObject({ added: z.int().meta({ description: 'How many were new.' }) }).meta({ id: 'Kept' }),
  run: async ({ log, metrics, isStopping }, { body }) => {
    if (isStopping()) throw new HttpProblem('stopping', 'the service is stopping', { hint: 'Send it again.' })
    const added = await log.reject(body.evidence as RejectedEvidence[])
    metrics.rejected.inc(added)
    return { added }
  }
})
