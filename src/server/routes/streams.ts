import { z } from 'zod'
import { streamRows } from '../../projections/index.ts'
import { rejected as rejectedSchema, streams as streamsSchema } from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { count, streamQuery, theStream } from '../parameters.ts'

/** The boots of hosts that the log has. */
export const streams = defineEndpoint({
  method: 'get',
  path: '/v1/streams',
  role: 'read',
  tag: 'The log',
  summary: 'The boots of hosts that the log has (`klplog streams`)',
  answer: z.array(streamsSchema.meta({ id: 'Stream' })),
  run: ({ log }) => streamRows(log)
})

const limitDefault = 100

/** The evidence that was not understood. */
export const rejected = defineEndpoint({
  method: 'get',
  path: '/v1/rejected',
  role: 'read',
  tag: 'The log',
  summary: 'Evidence that was not understood, and why, a page at a time (`klplog rejected`)',
  query: z.strictObject({
    ...streamQuery,
    cursor: count('The `next` of the page before.', 15).optional(),
    limit: count('How many; at most 1000. Default: 100.').optional()
  }),
  answer: z.strictObject({
    rejected: z.array(rejectedSchema.meta({ id: 'Rejected' })),
    next: z.int().nullable().meta({ description: 'The cursor of the next page; null: this is the last.' })
  }),
  run: async (service, { query }) => {
    const isNamed = [query.stream, query.host, query.boot].some((one) => one !== undefined)
    const named = isNamed ? { stream: (await theStream(service, query)).stream } : {}
    const limit = Math.min(Math.max(query.limit ?? limitDefault, 1), service.limits.pageMax)
    const page = await service.log.rejected({ ...named, limit, afterId: query.cursor ?? 0 })
    return { rejected: page, next: page.length < limit ? null : (page.at(-1)?.id ?? null) }
  }
})
