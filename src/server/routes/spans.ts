import { z } from 'zod'
import {
  blockingOf,
  blockingRows,
  gapRow,
  gapsOf,
  readSpans,
  runRow,
  runsOf,
  type SpanKind
} from '../../projections/index.ts'
import {
  blocking as blockingSchema,
  gaps as gapsSchema,
  ns,
  position,
  runs as runsSchema
} from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { atQuery, named, rangeQuery, streamQuery, task, theStream, theTimes } from '../parameters.ts'

const overTime = { ...streamQuery, ...rangeQuery, ...atQuery }
const kinds = ['patch', 'function', 'hook', 'transition', 'doubt'] as const satisfies readonly SpanKind[]

const span = z
  .strictObject({
    kind: z.enum(kinds),
    subject: z.string(),
    fromPosition: position,
    toPosition: position.nullable(),
    fromNs: ns,
    toNs: ns.nullable(),
    value: z.record(z.string(), z.unknown())
  })
  .meta({ id: 'Span', description: 'What held from one event to another; without an end it still holds.' })

/** The stretches between changes, which timelines are drawn from. */
export const spans = defineEndpoint({
  method: 'get',
  path: '/v1/spans',
  role: 'read',
  tag: 'Questions',
  summary: 'The stretches between two changes of a patch, function, hook or transition',
  query: z.strictObject({
    ...overTime,
    kind: z.enum(kinds).meta({ description: 'What they are of; `doubt` is where evidence is missing.' }),
    subject: named('Only of this patch, function key, hook key.').optional()
  }),
  answer: z.array(span),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const range = await theTimes(service, stream, query)
    const { kind, subject } = query
    const found = await readSpans(service.log, stream.stream, kind, {
      ...range,
      ...(subject === undefined ? {} : { subject })
    })
    return found.map((one) => ({
      ...one,
      fromNs: String(one.fromNs),
      toNs: one.toNs === null ? null : String(one.toNs)
    }))
  }
})

/** When attached programs were not reached. */
export const gaps = defineEndpoint({
  method: 'get',
  path: '/v1/gaps',
  role: 'read',
  tag: 'Questions',
  summary: 'When attached BPF programs were not reached, and why (`klplog gaps`)',
  query: z.strictObject({ ...overTime, task, hook: named('Only gaps of this program.').optional() }),
  answer: z.array(gapsSchema.meta({ id: 'Gap' })),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const range = await theTimes(service, stream, query)
    const found = await gapsOf(service.log, stream.stream, query.task ?? null, range)
    return found.filter(({ program }) => query.hook === undefined || program === query.hook).map(gapRow)
  }
})

/** What calls of a function ran. */
export const runs = defineEndpoint({
  method: 'get',
  path: '/v1/runs',
  role: 'read',
  tag: 'Questions',
  summary: 'What calls of a function ran over time, and which hook they reached (`klplog runs`)',
  query: z.strictObject({
    ...overTime,
    task,
    function: named('NAME, OBJECT:NAME or OBJECT:NAME,SYMPOS.')
  }),
  answer: z.array(runsSchema.meta({ id: 'Run' })),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const range = await theTimes(service, stream, query)
    const found = await runsOf(service.log, stream.stream, query.function, query.task ?? null, range)
    return found.map(runRow)
  }
})

/** Whom transitions waited for. */
export const blocking = defineEndpoint({
  method: 'get',
  path: '/v1/blocking',
  role: 'read',
  tag: 'Questions',
  summary: 'Which tasks transitions waited for, why, and for how long (`klplog blocking`)',
  query: z.strictObject({ ...overTime, patch: named('Only transitions of this patch.').optional() }),
  answer: z.array(blockingSchema.meta({ id: 'Wait' })),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const range = await theTimes(service, stream, query)
    const found = await blockingOf(service.log, stream.stream, range)
    return found
      .filter(({ patch }) => query.patch === undefined || patch === query.patch)
      .flatMap(blockingRows)
  }
})
