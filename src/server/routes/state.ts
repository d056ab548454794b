import { z } from 'zod'
import type { StreamInfo } from '../../events/index.ts'
import {
  blameOf,
  blameRow,
  diffAnswer,
  hookRowsAt,
  type KernelState,
  stackAnswer,
  stateAt
} from '../../projections/index.ts'
import { blame as blameSchema, diff as diffSchema, hooks as hooksSchema, stack } from '../contract.ts'
import { defineEndpoint } from '../endpoint.ts'
import { atQuery, moment, named, streamQuery, thePosition, theStream } from '../parameters.ts'
import type { Service } from '../service.ts'

async function theState(service: Service, stream: StreamInfo, at?: string): Promise<KernelState> {
  return stateAt(service.log, stream.stream, await thePosition(service, stream, at))
}

/** What is patched and hooked at a moment. */
export const state = defineEndpoint({
  method: 'get',
  path: '/v1/state',
  role: 'read',
  tag: 'Questions',
  summary: 'What is patched and hooked at a moment',
  description: 'The answers of `klplog stack` and `klplog hooks` in one, with the modules that are loaded.',
  query: z.strictObject({ ...streamQuery, ...atQuery }),
  answer: stack.extend({ hooks: z.array(hooksSchema), modules: z.array(z.string()) }).meta({ id: 'State' }),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const found = await theState(service, stream, query.at)
    return {
      ...stackAnswer(stream.stream, found),
      hooks: await hookRowsAt(service.log, stream.stream, found),
      modules: [...found.modules.keys()].sort()
    }
  }
})

/** The patches in list order, and the stack of each patched function. */
export const stackEndpoint = defineEndpoint({
  method: 'get',
  path: '/v1/stack',
  role: 'read',
  tag: 'Questions',
  summary: 'The patches in list order, and the stack of each patched function (`klplog stack`)',
  query: z.strictObject({ ...streamQuery, ...atQuery }),
  answer: stack.meta({ id: 'Stack' }),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    return stackAnswer(stream.stream, await theState(service, stream, query.at))
  }
})

/** The attached programs, and whether calls reach them. */
export const hooks = defineEndpoint({
  method: 'get',
  path: '/v1/hooks',
  role: 'read',
  tag: 'Questions',
  summary: 'The attached BPF programs, and whether calls reach them (`klplog hooks`)',
  query: z.strictObject({ ...streamQuery, ...atQuery }),
  answer: z.array(hooksSchema.meta({ id: 'Hook' })),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    return hookRowsAt(service.log, stream.stream, await theState(service, stream, query.at))
  }
})

/** What differs between two moments. */
export const diff = defineEndpoint({
  method: 'get',
  path: '/v1/diff',
  role: 'read',
  tag: 'Questions',
  summary: 'What differs between two moments (`klplog diff`)',
  query: z.strictObject({
    ...streamQuery,
    from: moment('The first moment, written as `at` is.'),
    to: moment('The later moment. Default: the last event.').optional()
  }),
  answer: diffSchema.meta({ id: 'Diff' }),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const before = await theState(service, stream, query.from)
    return diffAnswer(stream.stream, before, await theState(service, stream, query.to))
  }
})

/** Which event put what on a function's stack. */
export const blame = defineEndpoint({
  method: 'get',
  path: '/v1/blame',
  role: 'read',
  tag: 'Questions',
  summary: 'Which event put each entry on the stack of a function, and who did it (`klplog blame`)',
  query: z.strictObject({
    ...streamQuery,
    ...atQuery,
    function: named('NAME, OBJECT:NAME or OBJECT:NAME,SYMPOS.')
  }),
  answer: z.array(blameSchema.meta({ id: 'Blame' })),
  run: async (service, { query }) => {
    const stream = await theStream(service, query)
    const found = await theState(service, stream, query.at)
    return (await blameOf(service.log, stream.stream, found, query.function)).map(blameRow)
  }
})
