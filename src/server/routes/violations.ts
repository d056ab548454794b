import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { recordedViolations } from '../../replay/index.ts'
import { ns, position } from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { streamQuery, theStream } from '../parameters.ts'

const violation = z
  .strictObject({
    invariant: z.string(),
    subject: z.string(),
    text: z.string(),
    position,
    fromNs: ns,
    toNs: ns.nullable(),
    toPosition: position.nullable(),
    lasting: z.boolean(),
    promised: z.boolean(),
    unsure: z.string().nullable()
  })
  .meta({
    id: 'Violation',
    description: "An invariant of the kernel's policy that was broken, from when to when."
  })

/** What a timeline marks as wrong. */
export const violations = defineEndpoint({
  method: 'get',
  path: '/v1/violations',
  role: 'read',
  tag: 'Questions',
  summary: 'Which invariants the recorded history broke (as `klplog check`, without whose doing it was)',
  query: z.strictObject({ ...streamQuery }),
  answer: z.array(violation),
  run: async (service, { query }) =>
    recordedViolations(service.log, await theStream(service, query), () => setImmediate())
})
