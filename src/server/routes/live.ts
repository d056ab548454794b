import { z } from 'zod'
import { openFilter } from '../../projections/index.ts'
import { defineEndpoint } from '../endpoint.ts'
import { beginningOf, type FeedQuery } from '../live/feed.ts'
import { eventStream, heartbeat, heartbeatMs } from '../live/sse.ts'
import { names, place, streamQuery, theStream } from '../parameters.ts'
import { HttpProblem } from '../problem.ts'
import type { Service } from '../service.ts'
import { filterQuery } from './events.ts'

/** What comes, as it comes. */
export const live = defineEndpoint({
  method: 'get',
  path: '/v1/live',
  role: 'read',
  tag: 'Live',
  summary: 'Events and changes of the state as they come, as server-sent events',
  description: `\`event\` messages are events with their evidence; \`change\` messages are what the state differs by
since the message before, as \`klplog diff\` tells it. The id of a message is a position: with it in
\`Last-Event-ID\` (or \`after\`) a reader goes on where it was. Without either it begins at the end of the log.
A reader that does not read is cut off, and can go on in the same way.`,
  query: z.strictObject({
    ...streamQuery,
    ...filterQuery,
    after: place('Begin behind this event.').optional(),
    send: names('Only these messages: `event`, `change`. Default: both.')
  }),
  answer: 'text/event-stream',
  run: async (service, { query, context }) => {
    const { feed, limits, metrics, log } = service
    const info = await theStream(service, query)
    const asked = feedQuery(query.send, info.stream, await openFilter(log, info.stream, query), query)
    let position = beginningOf(info, context.req.header('last-event-id'), query.after)
    assertRoom(service)
    feed.enter(info.lastPosition)
    metrics.readers.set(feed.readers)
    return eventStream(context, {
      slowMs: limits.slowReaderMs,
      next: async (gone) => {
        for (;;) {
          if (feed.hasEnded || gone.aborted) return null
          const { count } = feed.news
          const piece = await feed.next(asked, position)
          if (piece !== null) position = piece.upTo
          if (piece !== null && piece.bytes.length > 0) return piece.bytes
          if (piece !== null) continue
          await feed.news.after(count, heartbeatMs, gone)
          if (feed.news.count === count) return heartbeat
        }
      },
      onEnd: (cut) => {
        feed.leave()
        metrics.readers.set(feed.readers)
        if (cut) metrics.readersCut.inc()
      }
    })
  }
})

function feedQuery(
  send: readonly string[] | undefined,
  stream: string,
  filter: FeedQuery['filter'],
  query: object
): FeedQuery {
  const unknown = send?.find((kind) => kind !== 'event' && kind !== 'change')
  if (unknown !== undefined) {
    throw new HttpProblem('bad-request', `send: there are no messages "${unknown}"`, {
      hint: 'Give event, change, or leave it out for both.'
    })
  }
  const events = send?.includes('event') ?? true
  const changes = send?.includes('change') ?? true
  return { stream, filter, events, changes, key: JSON.stringify([stream, query]) }
}

function assertRoom({ feed, limits, isStopping }: Service): void {
  if (isStopping()) throw new HttpProblem('stopping', 'the service is stopping')
  if (feed.readers < limits.liveReadersMax) return
  throw new HttpProblem('busy', `there are ${feed.readers} live readers already`, {
    hint: 'Try again later.',
    headers: { 'retry-after': '5' }
  })
}
