import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { letIn } from './access/access.ts'
import { endpoints } from './endpoints.ts'
import { securityHeaders } from './headers.ts'
import { HttpProblem, problemOf, problemResponse } from './problem.ts'
import { type Page, pageResponse } from './routes/page.ts'
import type { Service } from './service.ts'

/** The whole of what the service answers. */
export function createApp(service: Service, page: Page | null): OpenAPIHono {
  const app = new OpenAPIHono()
  app.use(observed(service))
  app.use(securityHeaders)
  addHealth(app, service)
  for (const endpoint of endpoints) endpoint.addTo(app, service)
  app.get('/v1/openapi.json', (context) => context.json(documentOf(app)))
  if (page !== null) app.get('/', (context) => pageResponse(page, context))
  app.notFound((context) => problemResponse(notFound(context)))
  app.onError((error, context) => {
    const problem = problemOf(error)
    if (problem.status >= 500) {
      service.logger.error({ err: problem.more.cause ?? error, path: context.req.path }, problem.message)
    }
    return problemResponse(problem)
  })
  return app
}

function addHealth(app: OpenAPIHono, service: Service): void {
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    if (service.isStopping()) throw new HttpProblem('stopping', 'the service is stopping')
    await service.log.commits(0, 1)
    return context.json({ status: 'ready' })
  })
  app.get('/metrics', async (context) => {
    letIn(service.access, context, 'read')
    const head = Math.max(0, ...(await service.log.streams()).map(({ lastPosition }) => lastPosition))
    service.metrics.position.set(head)
    for (const [state, count] of service.jobs.counts()) service.metrics.jobs.set({ state }, count)
    const text = await service.metrics.registry.metrics()
    return context.text(text, 200, { 'content-type': service.metrics.registry.contentType })
  })
}

/** The OpenAPI document, of the same schemas that check requests and, in the tests, answers. */
function documentOf(app: OpenAPIHono): object {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'klplog',
      version: '1',
      description: `The log of Linux livepatch and BPF-hook transitions: what was patched, what was hooked, and for
how long a hook did not run. Names whose unit is \`Ns\` are decimal text of nanoseconds, for 64 bits lose nothing so.`
    },
    security: [{ token: [] }]
  })
  const securitySchemes = { token: { type: 'http', scheme: 'bearer' } } as const
  return { ...document, components: { ...document.components, securitySchemes } }
}

function notFound({ req }: Context): HttpProblem {
  const methods = endpoints
    .filter(({ path }) => fits(path, req.path))
    .map(({ method }) => method.toUpperCase())
  if (methods.length === 0) {
    return new HttpProblem('not-found', `there is nothing at ${req.path.slice(0, 200)}`, {
      hint: 'GET /v1/openapi.json lists what there is.'
    })
  }
  return new HttpProblem(
    'method-not-allowed',
    `${req.method} is nothing that ${req.path.slice(0, 200)} does`,
    {
      hint: `It does ${methods.join(', ')}.`,
      headers: { allow: methods.join(', ') }
    }
  )
}

function fits(pattern: string, path: string): boolean {
  const parts = pattern.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, n) => part.startsWith('{') || part === given[n])
}

/** Counts and logs every request: its path, never its headers. */
function observed({ logger, metrics }: Service): MiddlewareHandler {
  return async (context, next) => {
    const start = performance.now()
    await next()
    const ms = performance.now() - start
    const { method, path } = context.req
    const route = endpoints.find((one) => fits(one.path, path))?.path ?? 'other'
    const { status } = context.res
    metrics.requests.inc({ route, method: knownMethods.has(method) ? method : 'other', status })
    metrics.seconds.observe({ route }, ms / 1000)
    const level = path.startsWith('/v1') ? 'info' : 'debug'
    logger[level]({ method, path, status, ms: Math.round(ms * 1000) / 1000 }, 'request')
  }
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'])
