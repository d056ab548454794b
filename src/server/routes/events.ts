import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { StoredEvent } from '../../events/index.ts'
import { eventRow, openFilter, rangeAsked, shownEvent, timelineLines } from '../../projections/index.ts'
import { log as eventSchema, show as shownSchema } from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { count, flag, names, place, rangeQuery, streamQuery, task, theStream } from '../parameters.ts'
import { HttpProblem } from '../problem.ts'
import type { Service } from '../service.ts'

/** The filters of `klplog log`. */
export const filterQuery = {
  type: names('Only events of this type, or group of types: `hook`, `patch.enabled`.'),
  without: names('No events of this type or group.'),
  patch: names('Only events about this patch.'),
  function: names('Only events about this function: NAME or OBJECT:NAME.'),
  module: names('Only events about this module.'),
  hook: names('Only events about this BPF program.'),
  task
}

const limitDefault = 100
/** A filter that nothing passes must not hold up all others: a page ends after a look at so many events. */
const lookedAtMax = 20_000

/** Events, a page at a time. */
export const events = defineEndpoint({
  method: 'get',
  path: '/v1/events',
  role: 'read',
  tag: 'Questions',
  summary: 'What happened, event by event, a page at a time (`klplog log`)',
  description: `Filters of one kind are alternatives, filters of different kinds must all fit. A page may have
fewer events than the limit, or none, and still have a next one.`,
  query: z.strictObject({
    ...streamQuery,
    ...rangeQuery,
    ...filterQuery,
    cursor: place('The `next` of the page before.').optional(),
    limit: count('How many; at most 1000. Default: 100.').optional(),
    reverse: flag('Newest first.'),
    raw: flag('With the evidence of each event (`klplog show`).')
  }),
  answer: z.strictObject({
    events: z.array(
      z.union([eventSchema.meta({ id: 'Event' }), shownSchema.meta({ id: 'EventWithEvidence' })])
    ),
    next: z.int().nullable().meta({ description: 'The cursor of the next page; null: this is the last.' })
  }),
  run: async (service, { query }) => {
    const { log, asker, limits } = service
    const { stream } = await theStream(service, query)
    const filter = await openFilter(log, stream, query)
    const info = await theStream(service, { stream })
    const range = (await rangeAsked(asker(), log, info, query)).events
    const { reverse = false, cursor } = query
    const limit = Math.min(Math.max(query.limit ?? limitDefault, 1), limits.pageMax)
    const from =
      cursor === undefined
        ? {}
        : reverse
          ? { upTo: Math.min(range.upTo ?? Number.MAX_SAFE_INTEGER, cursor - 1) }
          : { after: Math.max(range.after ?? 0, cursor) }
    const asked = { stream, ...range, ...from, ...filter.query, backwards: reverse, limit: lookedAtMax }
    const found: StoredEvent[] = []
    let lookedAt = 0
    let last: number | null = null
    for await (const page of log.read(asked)) {
      for (const event of page) {
        lookedAt += 1
        last = event.position
        if (filter.passes(event)) found.push(event)
        if (found.length === limit) break
      }
      if (found.length === limit) break
      await setImmediate()
    }
    const isLast = found.length < limit && lookedAt < lookedAtMax
    return { events: found.map(query.raw === true ? shownEvent : eventRow), next: isLast ? null : last }
  }
})

/** One event with its evidence. */
export const event = defineEndpoint({
  method: 'get',
  path: '/v1/events/{position}',
  role: 'read',
  tag: 'Questions',
  summary: 'One event with its data and its evidence (`klplog show`)',
  params: z.strictObject({ position: place('Its place in the log.') }),
  answer: shownSchema.meta({ id: 'EventWithEvidence' }),
  run: async (service, { params: { position } }) => {
    for await (const [found] of service.log.read({ after: position - 1, upTo: position })) {
      if (found?.position === position) return shownEvent(found)
    }
    throw await noEvent(service, position)
  }
})

async function noEvent({ log }: Service, position: number): Promise<HttpProblem> {
  const last = Math.max(0, ...(await log.streams()).map(({ lastPosition }) => lastPosition))
  return new HttpProblem('not-found', `there is no event @${position}`, {
    hint: last === 0 ? 'The log is empty.' : `Positions are from @1 to @${last}.`
  })
}

/** All that a timeline draws. */
export const timeline = defineEndpoint({
  method: 'get',
  path: '/v1/timeline',
  role: 'read',
  tag: 'Questions',
  summary: 'All that a timeline of a stream draws, as lines of JSON',
  description: `The first line is the head, with all lanes; the others are arrays of events as rows: position,
type, ns since boot, data, source, line, raw evidence, flags (1 inferred, 2 not UTF-8).`,
  query: z.strictObject({
    ...streamQuery,
    after: place('Only events behind this one, for whoever has the others.').optional()
  }),
  answer: 'application/x-ndjson',
  run: async (service, { query }) => {
    const lines = timelineLines(service.log, await theStream(service, query), [], query.after)
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const line = await lines.next()
        if (line.done === true) controller.close()
        else controller.enqueue(encoder.encode(`${line.value}\n`))
      },
      cancel: () => void lines.return(undefined)
    })
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
  }
})
